//! What a function says about itself: spans and log lines.
