//! facelockctl: arguments → request → rendering. The same socket as PAM; there is no second path.
