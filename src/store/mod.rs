//! Enrollments on disk: format, atomic writes, secure opens.
