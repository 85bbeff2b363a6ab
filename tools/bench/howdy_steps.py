"""The steps of a howdy 3.0 login on recorded frames, by the packages that it uses.   howdy_steps.py MODELS FRAMES STATE

A process each, as howdy starts one: imports, networks, then frame by frame grey, histogram, scaling to 320 lines, CLAHE, HOG
detection, five landmarks, features, distance. Without STATE it enrolls, and writes that file; with it, it logs in. Prints
milliseconds since this process began: imported, networks ready, verdict; the frames are there at once, which favours it.
"""

import os
import pathlib
import sys
import time

ticks = int(pathlib.Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19])
begun = ticks / os.sysconf("SC_CLK_TCK")


def since():
    return (time.clock_gettime(time.CLOCK_BOOTTIME) - begun) * 1000


import cv2  # noqa: E402
import dlib  # noqa: E402
import numpy  # noqa: E402

imported = since()
models, frames, state = map(pathlib.Path, sys.argv[1:4])
detector = dlib.get_frontal_face_detector()
landmarks = dlib.shape_predictor(str(models / "shape_predictor_5_face_landmarks.dat"))
network = dlib.face_recognition_model_v1(str(models / "dlib_face_recognition_resnet_model_v1.dat"))
ready = since()
clahe = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 8))


def features(path):
    frame = cv2.imread(str(path))
    grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
    histogram = cv2.calcHist([grey], [0], None, [8], [0, 256])
    if histogram.ravel()[0] / histogram.sum() > 0.6:
        return None
    scale = 320 / frame.shape[0]
    if scale < 1:
        frame = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    faces = detector(clahe.apply(grey), 1)
    if not faces:
        return None
    return numpy.array(network.compute_face_descriptor(frame, landmarks(frame, faces[0]), 1))


seen = (found for found in map(features, sorted(frames.glob("*.jpg"))) if found is not None)
if not state.exists():
    numpy.save(state, [next(seen)])
    sys.exit()
enrolled = numpy.load(state)
for found in seen:
    if numpy.linalg.norm(enrolled - found, axis=1).min() < 0.35:
        print(f"{imported:.1f} {ready:.1f} {since():.1f}")
        sys.exit()
sys.exit("no frame matches")
