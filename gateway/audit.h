/*
 * audit: writes down what operators do, or try to do: who, what with which arguments, and what came of it.
 *
 * It hears of every command that control_watch() tells of. What is known of an asker is kept apart: uid and pid are the
 * kernel's word, `by` is the asker's own. docs/audit.md says what that proves.
 */
#ifndef WAKEGATE_GATEWAY_AUDIT_H
#define WAKEGATE_GATEWAY_AUDIT_H

struct audit;
struct clock;
struct control;
struct store;

/* Watches the dispatcher, and registers the command "audit". All outlive it. -ENOMEM, else as control_register(). */
int audit_open(struct audit **out, struct control *control, struct store *store, const struct clock *clock);

/* After control_close(). NULL is fine. */
void audit_close(struct audit *audit);

#endif
