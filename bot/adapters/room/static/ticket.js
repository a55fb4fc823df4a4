// The ticket of an order as a sheet beside the board, with a quote that lives while one drags.

/** Opens it for `{market, outcome, side, action: "buy" | "sell", amount?}`; false where a line has to be typed instead. */
export function open() {
  return false;
}

export function close() {}
