//! What the unit cannot do: capabilities, no_new_privs, dumpable, landlock, seccomp.
