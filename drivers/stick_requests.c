#include "drivers/stick_requests.h"

#include <assert.h>
#include <errno.h>

void stick_requests_init(struct stick_requests *requests, void *owner,
	void (*transmit)(void *owner, const struct stick_request *request), const int64_t *now_ms)
{
	requests->owner = owner;
	requests->transmit = transmit;
	requests->now_ms = now_ms;
	requests->under_way = false;
	requests->deadline_ms = INT64_MAX;
	requests->first = requests->count = 0;
}

/* What is needed of it is copied first: who is answered may add another in its place. */
static void end_first(struct stick_requests *requests, struct reader *answer)
{
	const struct stick_request *request = &requests->queue[requests->first];
	void (*answered)(void *, uint32_t, struct reader *) = request->answered;
	void *context = request->context;
	uint32_t argument = request->argument;

	requests->first = (requests->first + 1) % STICK_REQUESTS_MAX;
	requests->count--;
	requests->under_way = false;
	if (answered)
		answered(context, argument, answer);
}

static void send_next(struct stick_requests *requests)
{
	while (requests->count > 0 && !requests->under_way) {
		const struct stick_request *request = &requests->queue[requests->first];
		requests->under_way = true;
		requests->deadline_ms = *requests->now_ms + request->timeout_ms;
		requests->transmit(requests->owner, request);
		if (request->unanswered) {
			struct reader nothing;
			reader_init(&nothing, NULL, 0);
			end_first(requests, &nothing);
		}
	}
}

int stick_requests_add(struct stick_requests *requests, const struct stick_request *request)
{
	if (requests->count == STICK_REQUESTS_MAX)
		return -ENOBUFS;
	assert(request->size <= STICK_REQUEST_MAX);
	requests->queue[(requests->first + requests->count) % STICK_REQUESTS_MAX] = *request;
	requests->count++;
	if (requests->count == 1)
		send_next(requests);
	return 0;
}

const struct stick_request *stick_requests_current(const struct stick_requests *requests)
{
	return requests->under_way ? &requests->queue[requests->first] : NULL;
}

void stick_requests_answer(struct stick_requests *requests, struct reader *answer)
{
	if (!requests->under_way)
		return;
	end_first(requests, answer);
	send_next(requests);
}

bool stick_requests_expire(struct stick_requests *requests)
{
	if (!requests->under_way || *requests->now_ms < requests->deadline_ms)
		return false;
	stick_requests_answer(requests, NULL);
	return true;
}

int64_t stick_requests_deadline(const struct stick_requests *requests)
{
	return requests->under_way ? requests->deadline_ms : INT64_MAX;
}

void stick_requests_clear(struct stick_requests *requests)
{
	/* Until all are gone nothing is sent: it looks as if something were. */
	while (requests->count > 0) {
		requests->under_way = true;
		end_first(requests, NULL);
	}
}
