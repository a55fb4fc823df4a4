// Confetti on a canvas of its own: paper in the market's colours that is thrown, turns and falls. Draws itself out and is gone.

const PIECES = 160;
const LASTS_MS = 4200;
const GRAVITY = 900; // pixels per second, each second
const DRAG = 0.985; // what is left of the speed after a sixtieth of a second

/** Throws confetti over `host` in these colours; returns what ends it at once. The caller asks whether motion is wanted. */
export function fire(host, colours) {
  const canvas = document.createElement("canvas");
  canvas.className = "confetti";
  canvas.ariaHidden = "true";
  host.append(canvas);
  const ratio = Math.min(devicePixelRatio || 1, 2);
  const [width, height] = [host.clientWidth || innerWidth, host.clientHeight || innerHeight];
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const pieces = Array.from({ length: PIECES }, (_, number) => piece(number, width, height, colours));
  const begun = performance.now();
  let last = begun;
  let frame = requestAnimationFrame(draw);

  function draw(now) {
    const steps = Math.min(4, (now - last) / (1000 / 60));
    last = now;
    context.clearRect(0, 0, width, height);
    context.globalAlpha = Math.max(0, Math.min(1, (LASTS_MS - (now - begun)) / 800));
    for (const each of pieces) {
      move(each, steps);
      paint(context, each);
    }
    if (now - begun < LASTS_MS) frame = requestAnimationFrame(draw);
    else stop();
  }

  function stop() {
    cancelAnimationFrame(frame);
    canvas.remove();
  }
  return stop;
}

/** From two corners below, by turns, up and inwards. */
function piece(number, width, height, colours) {
  const left = number % 2 === 0;
  const angle = (-Math.PI / 2) + (left ? 1 : -1) * (0.15 + Math.random() * 0.6);
  const speed = (0.9 + Math.random() * 0.9) * Math.sqrt(height) * 42;
  return {
    x: left ? -10 : width + 10,
    y: height * (0.72 + Math.random() * 0.2),
    dx: Math.cos(angle) * speed * Math.min(1, width / 900 + 0.25),
    dy: Math.sin(angle) * speed,
    turn: Math.random() * Math.PI,
    spin: (Math.random() - 0.5) * 0.3,
    wide: 6 + Math.random() * 7,
    tall: 9 + Math.random() * 8,
    colour: colours[number % colours.length],
  };
}

function move(each, steps) {
  const seconds = steps / 60;
  each.dy += GRAVITY * seconds;
  each.dx *= DRAG ** steps;
  each.dy *= DRAG ** steps;
  each.x += each.dx * seconds;
  each.y += each.dy * seconds;
  each.turn += each.spin * steps;
}

function paint(context, each) {
  context.save();
  context.translate(each.x, each.y);
  context.rotate(each.turn);
  context.scale(1, Math.cos(each.turn * 2)); // paper shows its edge as it turns
  context.fillStyle = each.colour;
  context.fillRect(-each.wide / 2, -each.tall / 2, each.wide, each.tall);
  context.restore();
}
