//! Keys that only this machine gives back, and the cipher that seals templates under them.
