/*
 * own_descriptors: keeps the files and connections of this process from the programs that it starts.
 */
#ifndef WAKEGATE_DRIVERS_OWN_DESCRIPTORS_H
#define WAKEGATE_DRIVERS_OWN_DESCRIPTORS_H

/*
 * Marks all descriptors above the three of stdio as close-on-exec; before a program is started. Libraries open some
 * without it (Paho its connection to the broker, which a program could write to, and would keep open after our end).
 */
void own_descriptors(void);

#endif
