/* A USB camera made of this process: it serves USB/IP to the kernel's own vhci_hcd over a socket pair, so that the kernel's
 * own uvcvideo drives it like any webcam: descriptors, busy nodes, an extension unit, and gone when this process is.
 *
 *   camera PORT SERIAL FOLDER [color | yuyv] [infrared]
 *
 * FOLDER/color holds JPEG pictures, each behind its length (u32, little endian), shown as MJPG 640x480; FOLDER/yuyv holds
 * YUYV 640x480 pictures, and FOLDER/infrared GREY 640x360 ones. They are shown in turn, and read again when the file is
 * replaced; no picture, no frame. While FOLDER/mute exists every class request is stalled. What happens is told on standard
 * output, one line each.
 *
 * The infrared function sees in the emitter's light alone. The emitter is Microsoft's face-authentication control (selector
 * 6 of the camera-control extension unit): mode 1 puts it out, mode 2 lights every second frame, mode 3 every frame. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { RATE = 10, PAYLOAD = 16384, URBS = 64 };
enum { UNIT = 4, SELECTOR = 6, CONTROL = 9, OUT = 1, EVERY_SECOND = 2, EVERY = 3 };
/* USB/IP: a header of twelve big-endian words (Documentation/usb/usbip_protocol.rst). */
enum { SUBMIT = 1, UNLINK = 2, SUBMITTED = 3, UNLINKED = 4, HIGH_SPEED = 3 };
/* Standard and UVC 1.1 requests. */
enum { CLEAR_FEATURE = 1, GET_DESCRIPTOR = 6, SET_CUR = 0x01, GET_CUR = 0x81, GET_MIN, GET_MAX, GET_RES, GET_LEN, GET_INFO };
enum { VS_PROBE = 1, VS_COMMIT = 2, PROBE = 34 };

struct function {
  const char *name;
  int is_infrared, is_jpeg, width, height, control_interface, endpoint;
  char file[256];
  struct stat read_of;
  uint8_t *pictures, *frame;
  size_t bytes, next, length, sent;
  uint8_t scaled[640 * 360], toggle, emitter[CONTROL];
  unsigned frames;
  struct timespec due;
  struct { uint32_t sequence, length; } urbs[URBS];
  int urb_count, streaming;
};

static struct function functions[2];
static int function_count, usb;
static char mute[256];
static const char *serial;
static uint8_t configuration[1024];
static int configured;

static void put(int count, const void *bytes) { memcpy(configuration + configured, bytes, count), configured += count; }
#define PUT(...) put(sizeof((uint8_t[]){__VA_ARGS__}), (uint8_t[]){__VA_ARGS__})
#define U16(v) (uint8_t)(v), (uint8_t)((v) >> 8)
#define U32(v) U16(v), (uint8_t)((v) >> 16), (uint8_t)((v) >> 24)

static uint32_t largest(const struct function *f) { return f->width * f->height * (f->is_infrared ? 1 : 2); }

static void length_at(int field, int from) { configuration[field] = configured - from, configuration[field + 1] = (configured - from) >> 8; }

/* One function: its control interface with terminals and, for infrared, the extension unit; its streaming interface. */
static void describe(struct function *f) {
  int control = f->control_interface, video = control + 1, name = f->is_infrared ? 5 : 4;
  PUT(8, 11, control, 2, 14, 3, 0, name);
  PUT(9, 4, control, 0, 0, 14, 1, 0, name);
  int header = configured;
  PUT(13, 0x24, 1, U16(0x0110), 0, 0, U32(48000000), 1, video);
  PUT(18, 0x24, 2, 1, U16(0x0201), 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0);
  if (f->is_infrared)
    PUT(27, 0x24, 6, UNIT, 0xdc, 0x95, 0x3f, 0x0f, 0x32, 0x26, 0x4e, 0x4c, 0x92, 0xc9, 0xa0, 0x47, 0x82, 0xf4, 0x3b, 0xc8, 1, 1, 1,
        2, U16(1 << (SELECTOR - 1)), 0);
  PUT(9, 0x24, 3, 3, U16(0x0101), 0, f->is_infrared ? UNIT : 1, 0);
  length_at(header + 5, header);
  PUT(9, 4, video, 0, 1, 14, 2, 0, 0);
  header = configured;
  PUT(14, 0x24, 1, 1, 0, 0, f->endpoint, 0, 3, 0, 0, 0, 1, 0);
  if (f->is_infrared)
    PUT(27, 0x24, 4, 1, 1, 'Y', '8', ' ', ' ', 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71, 8, 1, 0, 0, 0, 0);
  else if (f->is_jpeg)
    PUT(11, 0x24, 6, 1, 1, 1, 1, 0, 0, 0, 0);
  else
    PUT(27, 0x24, 4, 1, 1, 'Y', 'U', 'Y', '2', 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71, 16, 1, 0, 0, 0, 0);
  uint32_t size = largest(f), interval = 10000000 / RATE;
  PUT(30, 0x24, f->is_jpeg ? 7 : 5, 1, 0, U16(f->width), U16(f->height), U32(size * 8 * RATE), U32(size * 8 * RATE), U32(size),
      U32(interval), 1, U32(interval));
  PUT(6, 0x24, 13, 1, 1, 4);
  length_at(header + 4, header);
  PUT(7, 5, f->endpoint, 2, U16(512), 0);
}

static void describe_all(void) {
  PUT(9, 2, 0, 0, 2 * function_count, 1, 0, 0x80, 250);
  for (int i = 0; i < function_count; i++) describe(&functions[i]);
  length_at(2, 0);
}

static int device_descriptor(uint8_t *d) {
  uint8_t device[] = {18, 1, U16(0x0200), 0xef, 2, 1, 64, U16(0x04f2), U16(0xb6d9), U16(0x0110), 1, 2, 3, 1};
  memcpy(d, device, sizeof device);
  return sizeof device;
}

static int string_descriptor(int index, uint8_t *d) {
  const char *strings[] = {0, "Facelock", "Emulated camera", serial, "Color", "Infrared"};
  if (index == 0) return memcpy(d, (uint8_t[]){4, 3, 9, 4}, 4), 4;
  if (index > 5) return -1;
  int length = strlen(strings[index]);
  d[0] = 2 + 2 * length, d[1] = 3;
  for (int i = 0; i < length; i++) d[2 + 2 * i] = strings[index][i], d[3 + 2 * i] = 0;
  return d[0];
}

static void whole(int direction, void *bytes, size_t count) {
  for (uint8_t *at = bytes; count;) {
    ssize_t done = direction ? send(usb, at, count, MSG_NOSIGNAL) : recv(usb, at, count, 0);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) {
      printf("the kernel let go: %s\n", done ? strerror(errno) : "closed");
      exit(0);
    }
    at += done, count -= done;
  }
}

/* Answers a transfer; what goes to the host follows the header. */
static void answer(uint32_t sequence, int status, const void *bytes, int length, int to_host) {
  uint32_t header[12] = {htonl(SUBMITTED), htonl(sequence), 0, 0, 0, htonl(status), htonl(length)};
  uint8_t packet[sizeof header + PAYLOAD];
  memcpy(packet, header, sizeof header);
  if (to_host && length > 0) memcpy(packet + sizeof header, bytes, length);
  whole(1, packet, sizeof header + (to_host ? length : 0));
}

static void probe(const struct function *f, uint8_t *d) {
  uint8_t values[PROBE] = {1, 0, 1, 1, U32(10000000 / RATE), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, U32(largest(f)), U32(PAYLOAD), U32(48000000), 3};
  memcpy(d, values, PROBE);
}

/* A control's current, smallest, largest values and so on, all of one length. */
static int control(int request, const uint8_t *now, int length, uint8_t *d) {
  if (request == GET_INFO) return d[0] = 3, 1;
  if (request == GET_LEN) return d[0] = length, d[1] = 0, 2;
  memcpy(d, now, length);
  return length;
}

static int class_request(const uint8_t *setup, const uint8_t *sent, uint8_t *d) {
  int request = setup[1], selector = setup[3], interface = setup[4], unit = setup[5];
  if (access(mute, F_OK) == 0) return -1;
  for (struct function *f = functions; f < functions + function_count; f++) {
    if (interface == f->control_interface && f->is_infrared && unit == UNIT && selector == SELECTOR) {
      if (request != SET_CUR) return control(request, f->emitter, CONTROL, d);
      memcpy(f->emitter, sent, CONTROL);
      printf("%s light %s\n", f->name, sent[2] == OUT ? "out" : sent[2] == EVERY_SECOND ? "every second frame" : "every frame");
      return 0;
    }
    if (interface == f->control_interface + 1 && unit == 0 && (selector == VS_PROBE || selector == VS_COMMIT)) {
      uint8_t now[PROBE];
      probe(f, now);
      if (request != SET_CUR) return control(request, now, PROBE, d);
      if (selector == VS_COMMIT) {
        f->streaming = 1, f->frame = 0, f->frames = 0;
        clock_gettime(CLOCK_MONOTONIC, &f->due);
        printf("%s stream on\n", f->name);
      }
      return 0;
    }
  }
  return -1;
}

/* uvcvideo ends a bulk stream by clearing the endpoint's halt. */
static void stop(int endpoint) {
  for (struct function *f = functions; f < functions + function_count; f++)
    if (f->endpoint == endpoint) {
      if (f->streaming) printf("%s stream off\n", f->name);
      f->streaming = 0, f->frame = 0;
    }
}

static int standard_request(const uint8_t *setup, uint8_t *d) {
  if (setup[1] == GET_DESCRIPTOR && setup[3] == 1) return device_descriptor(d);
  if (setup[1] == GET_DESCRIPTOR && setup[3] == 2) return memcpy(d, configuration, configured), configured;
  if (setup[1] == GET_DESCRIPTOR && setup[3] == 3) return string_descriptor(setup[2], d);
  if (setup[1] == GET_DESCRIPTOR) return -1;
  if (setup[1] == CLEAR_FEATURE) stop(setup[4]);
  if (setup[0] & 0x80) return d[0] = setup[1] == 8, d[1] = 0, setup[1] ? 1 : 2;
  return 0;
}

static void control_transfer(uint32_t sequence, const uint8_t *setup, const uint8_t *sent) {
  uint8_t d[2048] = {0};
  int to_host = setup[0] & 0x80, wanted = setup[6] | setup[7] << 8;
  int length = (setup[0] & 0x60) == 0x20 ? class_request(setup, sent, d) : standard_request(setup, d);
  if (length < 0)
    answer(sequence, -EPIPE, 0, 0, 0);
  else
    answer(sequence, 0, d, to_host ? (length < wanted ? length : wanted) : wanted, to_host);
}

/* The file as it is now; a file is replaced, never written over. */
static void reread(struct function *f) {
  struct stat now;
  if (stat(f->file, &now)) memset(&now, 0, sizeof now);
  if (now.st_ino == f->read_of.st_ino && now.st_mtim.tv_nsec == f->read_of.st_mtim.tv_nsec && now.st_mtim.tv_sec == f->read_of.st_mtim.tv_sec)
    return;
  f->read_of = now, f->bytes = f->next = 0;
  int fd = open(f->file, O_RDONLY);
  f->pictures = realloc(f->pictures, now.st_size + 1);
  if (fd >= 0 && read(fd, f->pictures, now.st_size) == now.st_size) f->bytes = now.st_size;
  close(fd);
}

static int next_frame(struct function *f) {
  reread(f);
  size_t prefix = f->is_jpeg ? 4 : 0;
  if (f->next + prefix >= f->bytes) f->next = 0;
  if (prefix >= f->bytes) return 0;
  const uint8_t *at = f->pictures + f->next;
  f->length = f->is_jpeg ? (uint32_t)(at[0] | at[1] << 8 | at[2] << 16) : largest(f);
  if (f->next + prefix + f->length > f->bytes) return f->next = 0;
  f->next += prefix + f->length;
  f->frame = (uint8_t *)at + prefix, f->sent = 0, f->toggle ^= 1, f->frames++;
  if (f->is_infrared) {
    int lit = f->emitter[2] == EVERY || (f->emitter[2] == EVERY_SECOND && f->frames % 2);
    for (size_t i = 0; i < f->length; i++) f->scaled[i] = lit ? f->frame[i] : f->frame[i] >> 5;
    f->frame = f->scaled;
  }
  return 1;
}

/* Milliseconds until the next frame is due. */
static int until(const struct timespec *due) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  long left = (due->tv_sec - now.tv_sec) * 1000 + (due->tv_nsec - now.tv_nsec) / 1000000;
  return left > 0 ? left : 0;
}

/* Fills waiting transfers; returns how long there is nothing to do, in milliseconds, or -1 for ever. */
static int stream(struct function *f) {
  while (f->streaming && f->urb_count) {
    if (!f->frame) {
      if (until(&f->due)) return until(&f->due);
      clock_gettime(CLOCK_MONOTONIC, &f->due);
      f->due.tv_nsec += 1000000000 / RATE;
      if (f->due.tv_nsec >= 1000000000) f->due.tv_nsec -= 1000000000, f->due.tv_sec++;
      if (!next_frame(f)) continue;
    }
    uint8_t payload[PAYLOAD];
    size_t room = f->urbs[0].length < PAYLOAD ? f->urbs[0].length : PAYLOAD, left = f->length - f->sent;
    size_t count = left < room - 2 ? left : room - 2;
    payload[0] = 2, payload[1] = 0x80 | (count == left ? 2 : 0) | f->toggle;
    memcpy(payload + 2, f->frame + f->sent, count);
    f->sent += count;
    if (f->sent == f->length) f->frame = 0;
    answer(f->urbs[0].sequence, 0, payload, count + 2, 1);
    memmove(f->urbs, f->urbs + 1, --f->urb_count * sizeof *f->urbs);
  }
  return -1;
}

static void submitted(const uint32_t *header) {
  static uint8_t sent[65536];
  uint32_t sequence = ntohl(header[1]), to_host = ntohl(header[3]), endpoint = ntohl(header[4]), length = ntohl(header[6]);
  if (!to_host && length) whole(0, sent, length < sizeof sent ? length : sizeof sent);
  if (endpoint == 0) return control_transfer(sequence, (const uint8_t *)(header + 10), sent);
  for (struct function *f = functions; f < functions + function_count; f++)
    if ((f->endpoint & 15) == (int)endpoint && f->urb_count < URBS) {
      f->urbs[f->urb_count].sequence = sequence, f->urbs[f->urb_count++].length = length;
      return;
    }
  answer(sequence, -EPIPE, 0, 0, 0);
}

static void unlinked(const uint32_t *header) {
  uint32_t sequence = ntohl(header[1]), victim = ntohl(header[5]), found = 0;
  for (struct function *f = functions; f < functions + function_count; f++)
    for (int i = 0; i < f->urb_count; i++)
      if (f->urbs[i].sequence == victim) {
        memmove(f->urbs + i, f->urbs + i + 1, (--f->urb_count - i) * sizeof *f->urbs);
        found = 1;
      }
  uint32_t reply[12] = {htonl(UNLINKED), htonl(sequence), 0, 0, 0, htonl(found ? -ECONNRESET : 0)};
  whole(1, reply, sizeof reply);
}

static void attach(int port) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) exit(1);
  FILE *file = fopen("/sys/devices/platform/vhci_hcd.0/attach", "w");
  if (!file || fprintf(file, "%d %d %d %d", port, pair[1], 0x10001 + port, HIGH_SPEED) < 0 || fclose(file)) {
    perror("attach");
    exit(1);
  }
  close(pair[1]);
  usb = pair[0];
}

int main(int count, char **arguments) {
  if (count < 5) return fprintf(stderr, "camera PORT SERIAL FOLDER [color | yuyv] [infrared]\n"), 64;
  setlinebuf(stdout);
  serial = arguments[2];
  snprintf(mute, sizeof mute, "%s/mute", arguments[3]);
  for (int i = 4; i < count && function_count < 2; i++) {
    struct function *f = &functions[function_count];
    f->name = arguments[i], f->is_infrared = !strcmp(f->name, "infrared"), f->is_jpeg = !strcmp(f->name, "color");
    f->width = 640, f->height = f->is_infrared ? 360 : 480;
    f->control_interface = 2 * function_count, f->endpoint = 0x81 + function_count++;
    f->emitter[0] = 1, f->emitter[1] = 3, f->emitter[2] = OUT;
    snprintf(f->file, sizeof f->file, "%s/%s", arguments[3], f->name);
  }
  describe_all();
  attach(atoi(arguments[1]));
  for (;;) {
    int wait = -1;
    for (int i = 0; i < function_count; i++) {
      int left = stream(&functions[i]);
      if (left >= 0 && (wait < 0 || left < wait)) wait = left;
    }
    struct pollfd readable = {usb, POLLIN, 0};
    if (poll(&readable, 1, wait) <= 0) continue;
    uint32_t header[12];
    whole(0, header, sizeof header);
    if (ntohl(header[0]) == SUBMIT) submitted(header);
    if (ntohl(header[0]) == UNLINK) unlinked(header);
  }
}
