//! /etc/facelock/config.toml as validated types.
