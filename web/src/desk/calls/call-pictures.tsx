import { useEffect, useRef, useState } from 'react'
import { useWords } from '../context.tsx'
import { Sign } from '../parts/sign.tsx'
import { phone, usePhone } from '../phone/hub.ts'

interface CallPicturesProps {
  /** The session's id. */
  readonly call: string
  readonly who: string
  readonly showsOwn: boolean
}

/** The other's picture large, the own one small in its corner; alone while the other shows none. */
export function CallPictures({ call, who, showsOwn }: CallPicturesProps) {
  const w = useWords()
  usePhone()
  const { own, theirs } = phone.picturesOf(call)
  const [arrives, setArrives] = useState(false)
  const element = useRef<HTMLDivElement>(null)
  const toggleFull = () => {
    if (document.fullscreenElement) void document.exitFullscreen()
    // A browser without it, or one that refuses, leaves the picture as it is.
    else element.current?.requestFullscreen?.().catch(() => {})
  }
  if (!phone.leads) return <p className="quiet">{w.active.pictureElsewhere}</p>
  return (
    <div ref={element} className="pictures" data-shows={arrives ? 'theirs' : showsOwn ? 'own' : 'none'}>
      <Picture stream={theirs} label={w.active.theirPicture(who)} unseen={!arrives} onArrives={setArrives} />
      {arrives && (
        <button
          type="button"
          className="icon-button picture-full"
          aria-label={w.active.fullScreen}
          title={w.active.fullScreen}
          onClick={toggleFull}
        >
          <Sign name="full" size={18} />
        </button>
      )}
      {showsOwn && <Picture stream={own} label={w.active.ownPicture} mirrored />}
    </div>
  )
}

interface PictureProps {
  readonly stream: MediaStream | undefined
  readonly label: string
  readonly mirrored?: boolean
  /** Out of sight, but played: whether pictures come is seen by playing them. */
  readonly unseen?: boolean
  /** Told when pictures begin or cease to come. */
  readonly onArrives?: (arrives: boolean) => void
}

function Picture({ stream, label, mirrored, unseen, onArrives }: PictureProps) {
  const element = useRef<HTMLVideoElement>(null)
  useEffect(() => {
    const video = element.current
    if (!video) return
    video.srcObject = stream ?? null
    return () => {
      video.srcObject = null
    }
  }, [stream])
  useArriving(element, stream, onArrives)
  return (
    // The sound is played by the phone itself.
    <video
      ref={element}
      className="picture"
      data-own={mirrored === true}
      data-unseen={unseen === true}
      aria-hidden={unseen}
      aria-label={label}
      autoPlay
      muted
      playsInline
    />
  )
}

const quietMs = 2500

/** A picture that stands still is none: the other side switched its camera off, and nothing else tells. */
function useArriving(
  element: React.RefObject<HTMLVideoElement | null>,
  stream: MediaStream | undefined,
  told: ((arrives: boolean) => void) | undefined,
): void {
  useEffect(() => {
    const track = stream?.getVideoTracks()[0]
    const video = element.current
    if (!told || !video || !track) return
    let frames = 0
    let over = false
    let quiet: ReturnType<typeof setTimeout> | undefined
    const shown = () => {
      if (over) return
      clearTimeout(quiet)
      quiet = setTimeout(() => told(false), quietMs)
      // One frame alone may be the black one of a line that opens.
      if (++frames > 1) told(true)
      video.requestVideoFrameCallback(shown)
    }
    video.requestVideoFrameCallback(shown)
    return () => {
      over = true
      clearTimeout(quiet)
      told(false)
    }
  }, [element, stream, told])
}
