import { type RefObject, useLayoutEffect, useRef, useState } from 'react'

/** The inner width of an element, in px, kept up to date. */
export function useWidth<T extends HTMLElement>(): { readonly ref: RefObject<T | null>; readonly width: number } {
  const ref = useRef<T>(null)
  const [width, setWidth] = useState(() => Math.min(innerWidth, 1200))
  useLayoutEffect(() => {
    const element = ref.current
    if (!element) return
    setWidth(element.clientWidth)
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return { ref, width }
}
