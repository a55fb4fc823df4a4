// What a browser fetches by itself (events, pictures, files) goes without a token: where a page is known by a token alone, it
// is fetched here.

/** For `carry` of api.js: how requests leave with this token. */
export function way(token) {
  const headers = { Authorization: `Bearer ${token}` };
  const fetched = async (address) => {
    const answer = await fetch(address, { headers, credentials: "omit" });
    if (!answer.ok) throw new Error(String(answer.status));
    return URL.createObjectURL(await answer.blob());
  };
  return { headers, credentials: "omit", events: (address) => new Events(address, headers), picture: pictures(fetched), file: files(fetched) };
}

/** Server-sent events as an EventSource gives them, but for its reopening: who opened it does that. */
class Events extends EventTarget {
  readyState = EventSource.CONNECTING;
  #ended = new AbortController();

  constructor(address, headers) {
    super();
    this.#run(address, headers);
  }

  close() {
    this.readyState = EventSource.CLOSED;
    this.#ended.abort();
  }

  async #run(address, headers) {
    try {
      const answer = await fetch(address, { headers, credentials: "omit", cache: "no-store", signal: this.#ended.signal });
      if (answer.ok) await this.#follow(answer.body.pipeThrough(new TextDecoderStream()).getReader());
      else this.readyState = EventSource.CLOSED;
    } catch {
      // the connection is gone, or was let go of
    }
    if (!this.#ended.signal.aborted) this.dispatchEvent(new Event("error"));
  }

  async #follow(reader) {
    this.readyState = EventSource.OPEN;
    let [rest, kind, data, id] = ["", "", [], ""];
    for (;;) {
      const { done, value } = await reader.read();
      if (done || this.#ended.signal.aborted) break;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        const [, name, text] = line.match(/^([^:]*):? ?(.*)$/);
        if (name === "event") kind = text;
        else if (name === "data") data.push(text);
        else if (name === "id") id = text;
        else if (line === "" && data.length) this.dispatchEvent(new MessageEvent(kind || "message", { data: data.join("\n"), lastEventId: id }));
        if (line === "") [kind, data] = ["", []];
      }
    }
    this.readyState = EventSource.CONNECTING;
  }
}

/** Those that come into sight; an image whose picture cannot be had hears of it as of any other. */
function pictures(fetched) {
  const wanted = new WeakMap();
  const sight = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) if (isIntersecting) show(target);
  }, { rootMargin: "50%" });

  async function show(image) {
    sight.unobserve(image);
    const address = wanted.get(image);
    try {
      const picture = await fetched(address);
      if (wanted.get(image) !== address) return URL.revokeObjectURL(picture);
      if (image.src) URL.revokeObjectURL(image.src);
      image.src = picture;
    } catch {
      image.dispatchEvent(new Event("error"));
    }
  }

  return (image, address) => {
    wanted.set(image, address);
    sight.unobserve(image);
    sight.observe(image);
  };
}

/** Fetched when they are pressed. */
function files(fetched) {
  return (link, address) => {
    link.href = address;
    link.addEventListener("click", async (event) => {
      if (link.href.startsWith("blob:")) return;
      event.preventDefault();
      link.href = await fetched(address);
      link.click();
    });
  };
}
