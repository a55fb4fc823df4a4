// A finished market, tick by tick.

/** Draws into `host` whenever the address names a theatre. */
export function create() {}
