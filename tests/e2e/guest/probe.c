/* Tries what a compromised instance would try; one line each: "name open" or "name blocked ERRNO". Writes to descriptor 3. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void told(const char *name, int open) {
  if (open)
    dprintf(3, "%s open\n", name);
  else
    dprintf(3, "%s blocked %d\n", name, errno);
}

static int readable(const char *path) {
  int fd = open(path, O_RDONLY | O_NONBLOCK);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

static int others_processes(void) {
  DIR *proc = opendir("/proc");
  struct dirent *entry;
  int seen = 0;
  errno = ENOENT;
  while (proc && (entry = readdir(proc)))
    if (atoi(entry->d_name) > 0 && atoi(entry->d_name) != getpid()) seen = 1;
  return seen;
}

int main(void) {
  told("inet", socket(AF_INET, SOCK_STREAM, 0) >= 0);
  told("inet6", socket(AF_INET6, SOCK_DGRAM, 0) >= 0);
  told("netlink", socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
  told("packet", socket(AF_PACKET, SOCK_RAW, 0) >= 0);
  told("wx-map", mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
  void *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  told("wx-protect", mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0);
  told("memfd", (int)syscall(SYS_memfd_create, "x", 0) >= 0);
  told("others-processes", others_processes());
  told("home", readable("/home/alice/.bashrc"));
  told("shadow", readable("/etc/shadow"));
  told("kmsg", readable("/dev/kmsg"));
  told("raw-device", readable("/var/lib/facelock/raw"));
  told("tty", readable("/dev/tty") || readable("/dev/console"));
  told("write-etc", mkdir("/etc/probe", 0700) == 0);
  told("write-usr", mkdir("/usr/probe", 0700) == 0);
  told("mount", mount("none", "/tmp", "tmpfs", 0, 0) == 0);
  told("new-user-namespace", unshare(CLONE_NEWUSER) == 0);
  told("set-clock", clock_settime(CLOCK_REALTIME, &(struct timespec){.tv_sec = time(0)}) == 0);
  told("hostname", sethostname("x", 1) == 0);
  told("keyring", syscall(SYS_add_key, "user", "x", "y", 1, -3) >= 0);
  told("setuid-file", (close(open("/var/lib/facelock/probe", O_CREAT | O_RDWR, 0600)), chmod("/var/lib/facelock/probe", 04755) == 0));
  unlink("/var/lib/facelock/probe");
  told("personality", syscall(SYS_personality, 0x0040000) != -1);
  told("bpf", syscall(SYS_bpf, 0, 0, 0) != -1 || errno == EINVAL || errno == EFAULT);
  told("become-root", setuid(0) == 0 && getuid() == 0 && getenv("CONTROL") == 0);
  /* What must work. */
  told("state", (close(open("/var/lib/facelock/probe", O_CREAT | O_RDWR, 0600)), unlink("/var/lib/facelock/probe") == 0));
  struct ucred peer = {0};
  socklen_t length = sizeof peer;
  getsockopt(3, SOL_SOCKET, SO_PEERCRED, &peer, &length);
  dprintf(3, "uid %d\npeer-uid %d\n", (int)getuid(), (int)peer.uid);
  FILE *status = fopen("/proc/self/status", "r");
  char line[256];
  while (status && fgets(line, sizeof line, status))
    if (!strncmp(line, "CapEff", 6) || !strncmp(line, "CapBnd", 6) || !strncmp(line, "NoNewPrivs", 10) || !strncmp(line, "Seccomp:", 8))
      dprintf(3, "%s", line);
  return 0;
}
