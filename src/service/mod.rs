//! One authentication from the connection to the answer. The only room that composes the others.
