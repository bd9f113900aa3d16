/*
 * password_file: reads a password from a file, so that none stands in the config.
 */
#ifndef WAKEGATE_DRIVERS_PASSWORD_FILE_H
#define WAKEGATE_DRIVERS_PASSWORD_FILE_H

#define PASSWORD_SIZE 1024 /* with its terminator; what is longer is cut */

/* Reads the first line without its end; the caller wipes `out`. May block on the disk. 0 or a negative errno. */
int password_file_read(const char *path, char out[PASSWORD_SIZE]);

#endif
