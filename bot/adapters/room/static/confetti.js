// Confetti, unless one asked for less motion.

/** Throws some. */
export function burst() {}
