/** Value at `x`; writes the gradient into `gradient`. */
export type Objective = (x: Float64Array, gradient: Float64Array) => number;

/**
 * Minimises a smooth convex function from zero: limited-memory BFGS with a backtracking line search.
 * Nocedal and Wright, Numerical Optimization, algorithms 7.4 (two-loop recursion), 7.5 and 3.1.
 *
 * @param gradientMax stops when no component of the gradient is larger
 */
export function minimise(
  objective: Objective,
  size: number,
  options: {
    iterationsMax: number;
    gradientMax: number;
    onIteration?: (iteration: number, value: number, x: Float64Array) => void;
  },
): Float64Array {
  const memory: { step: Float64Array; change: Float64Array; curvature: number }[] = [];
  let x = new Float64Array(size);
  let gradient = new Float64Array(size);
  let value = objective(x, gradient);
  for (let iteration = 1; iteration <= options.iterationsMax; iteration++) {
    if (gradient.every((component) => Math.abs(component) <= options.gradientMax)) break;
    const direction = quasiNewton(gradient, memory);
    const next = search(objective, x, value, gradient, direction, memory.length ? 1 : 1 / norm(gradient));
    if (!next) break;
    const step = next.x.map((component, at) => component - x[at]);
    const change = next.gradient.map((component, at) => component - gradient[at]);
    const curvature = dot(step, change);
    if (curvature > 1e-12 * dot(change, change)) memory.push({ step, change, curvature });
    if (memory.length > 10) memory.shift();
    ({ x, gradient, value } = next);
    options.onIteration?.(iteration, value, x);
  }
  return x;
}

/** −H⁻¹ g, with H⁻¹ built from the last steps. */
function quasiNewton(
  gradient: Float64Array,
  memory: readonly { step: Float64Array; change: Float64Array; curvature: number }[],
): Float64Array {
  const direction = gradient.map((component) => -component);
  const weights: number[] = [];
  for (let at = memory.length - 1; at >= 0; at--) {
    const { step, change, curvature } = memory[at];
    weights[at] = dot(step, direction) / curvature;
    addScaled(direction, -weights[at], change);
  }
  const last = memory.at(-1);
  if (last) {
    const scale = last.curvature / dot(last.change, last.change);
    for (let i = 0; i < direction.length; i++) direction[i] *= scale;
  }
  memory.forEach(({ step, change, curvature }, at) => {
    addScaled(direction, weights[at] - dot(change, direction) / curvature, step);
  });
  return direction;
}

/** Halves the step until the value falls enough; undefined when rounding leaves nothing to gain. */
function search(
  objective: Objective,
  x: Float64Array,
  value: number,
  gradient: Float64Array,
  direction: Float64Array,
  firstLength: number,
): { x: Float64Array<ArrayBuffer>; gradient: Float64Array<ArrayBuffer>; value: number } | undefined {
  const slope = dot(gradient, direction);
  for (let length = firstLength; length > 1e-10; length /= 2) {
    const at = new Float64Array(x);
    addScaled(at, length, direction);
    const gradientThere = new Float64Array(x.length);
    const valueThere = objective(at, gradientThere);
    if (valueThere <= value + 1e-4 * length * slope)
      return { x: at, gradient: gradientThere, value: valueThere };
  }
  return undefined;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

const norm = (a: Float64Array): number => Math.sqrt(dot(a, a));

function addScaled(a: Float64Array, factor: number, b: Float64Array): void {
  for (let i = 0; i < a.length; i++) a[i] += factor * b[i];
}
