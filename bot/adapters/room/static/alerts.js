// "Tell me when Germany passes 50¢": the dialog that asks, and the rows of what was asked.

/** Asks for an alert on `{outcome, price}`, the price in micro-dollars. */
export function ask() {}

/** Keeps `host` filled with a row for each alert of the account. */
export function rows() {}
