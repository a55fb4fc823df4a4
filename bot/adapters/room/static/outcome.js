// An outcome's page: its chart, its depth and its latest trades.

/** Draws into `host` whenever the address names an outcome. */
export function create() {}
