/** Zero crossings of the sinc on each side: the stop band lies about 70 dB below. */
const lobes = 24
/** The pass band ends a little before half of the lower rate, so that nothing is mirrored. */
const passed = 0.92

/** Samples at another rate, by a windowed sinc (Blackman). @param from whole Hz @param to whole Hz */
export function resample(samples: Int16Array, from: number, to: number): Int16Array {
  const result = new Int16Array(Math.round((samples.length * to) / from))
  const cutoff = (passed * Math.min(from, to)) / from
  const reach = Math.ceil(lobes / cutoff)
  const divisor = common(from, to)
  const [step, phases] = [from / divisor, to / divisor]
  // Each output sample lies on one of `phases` places between two input samples.
  const kernels: (Float64Array | undefined)[] = new Array(phases).fill(undefined)
  for (let i = 0; i < result.length; i++) {
    const middle = Math.floor((i * step) / phases)
    const phase = (i * step) % phases
    const kernel = kernels[phase] ?? kernelAt(phase / phases, cutoff, reach)
    kernels[phase] = kernel
    const first = middle - reach
    const end = Math.min(kernel.length, samples.length - first)
    let sum = 0
    for (let k = Math.max(0, -first); k < end; k++) sum += (samples[first + k] as number) * (kernel[k] as number)
    result[i] = Math.max(-32_768, Math.min(32_767, Math.round(sum)))
  }
  return result
}

function common(one: number, other: number): number {
  return other === 0 ? one : common(other, one % other)
}

/** Weights of the input samples from `reach` before to `reach` behind. @param fraction how far behind the middle one the output lies */
function kernelAt(fraction: number, cutoff: number, reach: number): Float64Array {
  return Float64Array.from({ length: 2 * reach + 1 }, (_, k) => {
    const distance = k - reach - fraction
    if (Math.abs(distance) > reach) return 0
    const x = Math.PI * cutoff * distance
    const sinc = distance === 0 ? cutoff : (cutoff * Math.sin(x)) / x
    const turn = (Math.PI * distance) / reach
    return sinc * (0.42 + 0.5 * Math.cos(turn) + 0.08 * Math.cos(2 * turn))
  })
}
