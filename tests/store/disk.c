/* A disk that can be cut off, that is slow or that is full, put before the C library by LD_PRELOAD.

   DISK_HOME   the folder it stands for; files elsewhere are left alone
   DISK_LOG    where every change of a file there is written down, in its order, with what was made durable when
   DISK_SYNC_MS how long a sync takes
   DISK_ROOM   a file that holds how many bytes may still be written: beyond that there is no space left

   A record of the log: op, length of the name, offset, length of the data (4 × int64), the name, the data.
   w: data written. t: cut or grown to `offset`. s: made durable. d: the folder made durable. u: removed. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static const char *home(void) {
  const char *folder = getenv("DISK_HOME");
  return folder && *folder ? folder : NULL;
}

/* The name of an open file below the folder, "" for the folder itself, NULL for any other. */
static const char *name_of(int fd, char *path, size_t room) {
  char link[64];
  const char *folder = home();
  size_t length;
  ssize_t found;
  if (!folder) return NULL;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  found = readlink(link, path, room - 1);
  if (found <= 0) return NULL;
  path[found] = 0;
  length = strlen(folder);
  if (strncmp(path, folder, length)) return NULL;
  if (!path[length]) return "";
  return path[length] == '/' ? path + length + 1 : NULL;
}

static void noted(char op, const char *name, int64_t offset, const void *data, int64_t length) {
  static int log = -1;
  const char *file = getenv("DISK_LOG");
  int64_t head[4] = {op, (int64_t)strlen(name), offset, length};
  struct iovec parts[3] = {{head, sizeof head}, {(void *)name, strlen(name)}, {(void *)data, (size_t)length}};
  int before = errno;
  if (!file) return;
  if (log < 0) log = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (REAL(writev)(log, parts, 3) < 0) abort();
  errno = before;
}

/* How much of `length` bytes there is room for, -1 for none; what is counted is what is written, as on a disk. */
static int64_t room_for(int64_t length) {
  const char *file = getenv("DISK_ROOM");
  char text[32];
  int64_t room;
  int fd;
  ssize_t got;
  if (!file) return length;
  fd = open(file, O_RDWR | O_CLOEXEC);
  if (fd < 0) return length;
  got = pread(fd, text, sizeof text - 1, 0);
  text[got > 0 ? got : 0] = 0;
  room = atoll(text);
  if (room < length) {
    close(fd);
    errno = ENOSPC;
    return -1;
  }
  snprintf(text, sizeof text, "%-31lld", (long long)(room - length));
  if (REAL(pwrite)(fd, text, 31, 0) < 0) abort();
  close(fd);
  return length;
}

static int refused(const char *name, int64_t offset, int64_t length, int fd) {
  struct stat now;
  int64_t grows;
  if (!*name || fstat(fd, &now)) return 0;
  grows = offset + length - now.st_size; /* what stands already takes no more room */
  return grows > 0 && room_for(grows) < 0;
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
  char path[4096];
  const char *name = name_of(fd, path, sizeof path);
  if (name && refused(name, offset, (int64_t)length, fd)) return -1;
  if (name && *name) noted('w', name, offset, data, (int64_t)length);
  return REAL(pwrite64)(fd, data, length, offset);
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
  return pwrite64(fd, data, length, offset);
}

ssize_t write(int fd, const void *data, size_t length) {
  char path[4096];
  const char *name = name_of(fd, path, sizeof path);
  off_t offset = name && *name ? lseek(fd, 0, SEEK_CUR) : 0;
  if (name && refused(name, offset, (int64_t)length, fd)) return -1;
  if (name && *name) noted('w', name, offset, data, (int64_t)length);
  return REAL(write)(fd, data, length);
}

int ftruncate64(int fd, off64_t size) {
  char path[4096];
  const char *name = name_of(fd, path, sizeof path);
  if (name && *name) noted('t', name, size, "", 0);
  return REAL(ftruncate64)(fd, size);
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

static int synced(int fd) {
  char path[4096];
  const char *slow = getenv("DISK_SYNC_MS");
  const char *name = name_of(fd, path, sizeof path);
  if (name && slow) {
    struct timespec pause = {0, atol(slow) * 1000000L};
    nanosleep(&pause, NULL);
  }
  if (name) noted(*name ? 's' : 'd', name, 0, "", 0);
  return 0;
}

int fsync(int fd) { return synced(fd); }

int fdatasync(int fd) { return synced(fd); }

int unlink(const char *path) {
  const char *folder = home();
  size_t length = folder ? strlen(folder) : 0;
  if (folder && !strncmp(path, folder, length) && path[length] == '/') noted('u', path + length + 1, 0, "", 0);
  return REAL(unlink)(path);
}
