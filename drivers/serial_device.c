#include "drivers/serial_device.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "drivers/serial_port.h"

#define BY_ID "/dev/serial/by-id"
#define FOLDER_SIZE 128
#define LISTED_MAX 3

static const struct {
	int baud;
	speed_t speed;
} speeds[] = { { 9600, B9600 }, { 19200, B19200 }, { 38400, B38400 }, { 57600, B57600 }, { 115200, B115200 },
	{ 230400, B230400 }, { 460800, B460800 }, { 500000, B500000 }, { 921600, B921600 }, { 1000000, B1000000 } };

static speed_t speed_of(int baud)
{
	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
		if (speeds[i].baud == baud)
			return speeds[i].speed;
	}
	return B0;
}

bool serial_device_has_baud(int baud)
{
	return speed_of(baud) != B0;
}

/* ---- why not ---- */

/* Where stable names like that of this port are: in a container perhaps elsewhere. */
static void find_folder(char out[FOLDER_SIZE], const char *path)
{
	const char *name = strstr(path, BY_ID "/");
	size_t size = name ? (size_t)(name - path) + strlen(BY_ID) : 0;

	if (name && size < FOLDER_SIZE)
		snprintf(out, FOLDER_SIZE, "%.*s", (int)size, path);
	else
		snprintf(out, FOLDER_SIZE, "%s", BY_ID);
}

static void list_ports(const char *where, char *out, size_t size)
{
	DIR *folder = opendir(where);
	unsigned listed = 0;
	size_t used = 0;
	const struct dirent *entry;

	*out = '\0';
	while (folder && listed < LISTED_MAX && (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		int wrote = snprintf(out + used, size - used, "%s%s/%s", listed ? ", " : "", where, entry->d_name);
		if (wrote < 0 || (size_t)wrote >= size - used)
			break;
		used += (size_t)wrote;
		listed++;
	}
	if (folder)
		closedir(folder);
}

static int say_absent(const char *path, char *why, size_t size)
{
	char folder[FOLDER_SIZE], ports[256];

	find_folder(folder, path);
	list_ports(folder, ports, sizeof(ports));
	if (*ports)
		snprintf(why, size, "there is no %s; there are: %s", path, ports);
	else
		snprintf(why, size, "there is no %s, and no serial port in %s: is it plugged in?", path, folder);
	return -ENOENT;
}

/* In a container the host's groups have numbers only. */
static int say_forbidden(const char *path, char *why, size_t size)
{
	struct stat about = { 0 };
	char name[16] = "of its owner";
	const struct group *group = stat(path, &about) == 0 ? getgrgid(about.st_gid) : NULL;

	if (!group && about.st_mode != 0)
		snprintf(name, sizeof(name), "%u", about.st_gid);
	snprintf(why, size, "no permission to open %s: it belongs to the group %s, which this program's user is not in",
		path, group ? group->gr_name : name);
	return -EACCES;
}

/* So the kernel's device control groups refuse. */
static int say_barred(const char *path, char *why, size_t size)
{
	snprintf(why, size,
		"%s may not be opened, whatever the user: the systemd unit or the container bars the device", path);
	return -EPERM;
}

static int say_why(const char *path, int error, char *why, size_t size)
{
	if (error == ENOENT || error == ENODEV || error == ENXIO)
		return say_absent(path, why, size);
	if (error == EACCES)
		return say_forbidden(path, why, size);
	if (error == EPERM)
		return say_barred(path, why, size);
	if (error == EBUSY || error == EWOULDBLOCK)
		snprintf(why, size, "%s is in use by another program", path);
	else
		snprintf(why, size, "%s cannot be opened: %s", path, strerror(error));
	return -error;
}

/* ---- the line ---- */

static int set_line(int fd, const struct serial_port_config *config)
{
	struct termios line;

	if (tcgetattr(fd, &line) < 0)
		return -errno;
	cfmakeraw(&line);
	line.c_cflag |= CLOCAL | CREAD;
	line.c_cflag &= (tcflag_t) ~(CSTOPB | CRTSCTS | HUPCL);
	line.c_iflag &= (tcflag_t) ~(IXON | IXOFF | IXANY);
	if (config->hardware_flow)
		line.c_cflag |= CRTSCTS;
	if (config->software_flow)
		line.c_iflag |= IXON | IXOFF;
	line.c_cc[VMIN] = 1;
	line.c_cc[VTIME] = 0;
	if (cfsetspeed(&line, speed_of(config->baud)) < 0 || tcsetattr(fd, TCSANOW, &line) < 0)
		return -errno;
	(void)tcflush(fd, TCIOFLUSH);
	return 0;
}

/* flock() keeps out who asks, TIOCEXCL who does not. */
static int take_alone(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	(void)ioctl(fd, TIOCEXCL);
	return 0;
}

int serial_device_open(const struct serial_port_config *config, char *why, size_t why_size)
{
	int fd = open(config->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return say_why(config->path, errno, why, why_size);
	if (!isatty(fd)) {
		close(fd);
		snprintf(why, why_size, "%s is no serial port", config->path);
		return -ENOTTY;
	}
	int result = take_alone(fd);
	if (result == 0)
		result = set_line(fd, config);
	if (result < 0) {
		close(fd);
		return say_why(config->path, -result, why, why_size);
	}
	return fd;
}
