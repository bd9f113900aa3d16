/*
 * site_folder: plain files of one folder of a simulated site: emptied, removed, and kept as they were when a process
 * was killed.
 */
#ifndef WAKEGATE_TESTS_SITE_FOLDER_H
#define WAKEGATE_TESTS_SITE_FOLDER_H

/* Removes the files in it; it need not exist. */
void site_folder_empty(const char *folder);

/* Removes it with the files in it; it need not exist. */
void site_folder_remove(const char *folder);

/* Copies the files of `from` to `to`, which is made if need be and has no others afterwards. */
void site_folder_copy(const char *from, const char *to);

#endif
