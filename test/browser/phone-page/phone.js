// A browser's phone for tests: JsSIP or SIP.js, a steady tone as its microphone, and measurements of what it hears.
import JsSIP from 'jssip'
import { Inviter, Registerer, RegistererState, SessionState, UserAgent, Web } from 'sip.js'

const log = []
const note = (what) => log.push(what)

/** A microphone that hears a tone, with the fake camera beside it where asked. */
async function capture(frequency, video) {
  const context = new AudioContext()
  await context.resume()
  const oscillator = context.createOscillator()
  oscillator.frequency.value = frequency
  const gain = context.createGain()
  gain.gain.value = 0.4
  const out = context.createMediaStreamDestination()
  oscillator.connect(gain).connect(out)
  oscillator.start()
  if (video) {
    const camera = await navigator.mediaDevices.getUserMedia({ video: { width: 320, height: 240 } })
    for (const track of camera.getVideoTracks()) out.stream.addTrack(track)
  }
  return out.stream
}

class Ear {
  watch(pc) {
    this.pc = pc
    const take = (track) => {
      const stream = new MediaStream([track])
      const element = document.createElement(track.kind)
      element.srcObject = stream
      element.muted = track.kind === 'video'
      element.autoplay = true
      document.body.append(element)
      void element.play()
      if (track.kind !== 'audio') return
      this.context = new AudioContext()
      void this.context.resume()
      this.analyser = this.context.createAnalyser()
      this.analyser.fftSize = 4096
      this.analyser.smoothingTimeConstant = 0
      this.context.createMediaStreamSource(stream).connect(this.analyser)
    }
    pc.addEventListener('track', (event) => take(event.track))
    for (const receiver of pc.getReceivers()) if (receiver.track) take(receiver.track)
    pc.addEventListener('connectionstatechange', () => note(`connection ${pc.connectionState}`))
    pc.addEventListener('iceconnectionstatechange', () => note(`ice ${pc.iceConnectionState}`))
  }

  /** Level in dB of some frequencies, and the loudest of all. */
  spectrum(frequencies) {
    if (!this.analyser) return { loudest: 0, level: -200, levels: frequencies.map(() => -200) }
    const data = new Float32Array(this.analyser.frequencyBinCount)
    this.analyser.getFloatFrequencyData(data)
    const bin = this.context.sampleRate / this.analyser.fftSize
    let loudest = 0
    for (let i = 1; i < data.length; i++) if (data[i] > data[loudest]) loudest = i
    const at = (frequency) => Math.max(...data.slice(Math.floor(frequency / bin) - 1, Math.ceil(frequency / bin) + 2))
    return { loudest: Math.round(loudest * bin), level: data[loudest], levels: frequencies.map(at) }
  }

  async stats() {
    const result = { audio: {}, video: {}, pair: undefined, local: [] }
    for (const report of (await this.pc.getStats()).values()) {
      if (report.type === 'inbound-rtp') result[report.kind] = { ...report }
      if (report.type === 'candidate-pair' && report.nominated && report.state === 'succeeded')
        result.pair = { ...report }
      if (report.type === 'local-candidate') result.local.push({ ...report })
      if (report.type === 'remote-candidate') result.remotes = [...(result.remotes ?? []), { ...report }]
    }
    return JSON.parse(JSON.stringify(result))
  }
}

class JsSipPhone {
  ear = new Ear()

  constructor({ url, user, password, pcConfig = {}, ports = {} }) {
    this.pcConfig = pcConfig
    this.ports = ports
    this.ua = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(url)],
      uri: `sip:${user}@baton.local`,
      password,
      session_timers: false,
    })
    this.registered = new Promise((resolve, reject) => {
      this.ua.on('registered', resolve)
      this.ua.on('registrationFailed', (event) => reject(new Error(event.cause)))
    })
    this.ua.on('newRTCSession', ({ session, originator }) => {
      this.take(session)
      if (originator === 'remote') note('incoming')
    })
    this.ua.start()
  }

  take(session) {
    this.session = session
    for (const event of ['progress', 'accepted', 'confirmed', 'ended', 'failed', 'hold', 'unhold'])
      session.on(event, (data) => note(`${event}${data?.cause ? ` ${data.cause}` : ''}`))
    session.on('sdp', (event) => {
      // The server's ports as they are seen from here.
      if (event.originator === 'remote')
        event.sdp = event.sdp.replace(/(a=candidate:.* )(\d+)( typ host)/g, (_, before, port, after) => {
          return `${before}${this.ports[port] ?? port}${after}`
        })
    })
    session.on('peerconnection', ({ peerconnection }) => this.ear.watch(peerconnection))
    if (session.connection) this.ear.watch(session.connection)
  }

  async call(target, { tone, video = false }) {
    const mediaStream = await capture(tone, video)
    this.ua.call(target, { mediaStream, pcConfig: this.pcConfig })
  }

  async answer({ tone, video = false }) {
    const mediaStream = await capture(tone, video)
    this.session.answer({ mediaStream, pcConfig: this.pcConfig })
  }

  hold = () => void this.session.hold()
  resume = () => void this.session.unhold()
  hangup = () => this.session.terminate()
  transfer = (target) => void this.session.refer(target)
  dtmf = (keys) => void this.session.sendDTMF(keys, { transportType: 'RFC2833', duration: 200, interToneGap: 200 })

  restartIce() {
    const ufrag = (sdp) => /a=ice-ufrag:(\S+)/.exec(sdp)?.[1]
    const { connection } = this.session
    const before = [ufrag(connection.localDescription.sdp), ufrag(connection.remoteDescription.sdp)]
    connection.restartIce()
    return new Promise((resolve) => {
      this.session.renegotiate({}, () =>
        resolve({ before, after: [ufrag(connection.localDescription.sdp), ufrag(connection.remoteDescription.sdp)] }),
      )
    })
  }
}

class SipJsPhone {
  ear = new Ear()

  constructor({ url, user, password }) {
    this.tone = 0
    const factory = Web.defaultSessionDescriptionHandlerFactory(() => capture(this.tone, false))
    this.ua = new UserAgent({
      uri: UserAgent.makeURI(`sip:${user}@baton.local`),
      transportOptions: { server: url },
      authorizationUsername: user,
      authorizationPassword: password,
      sessionDescriptionHandlerFactory: factory,
      logLevel: 'error',
      delegate: {
        onInvite: (invitation) => {
          this.take(invitation)
          note('incoming')
        },
      },
    })
    this.registered = this.ua.start().then(
      () =>
        new Promise((resolve) => {
          const registerer = new Registerer(this.ua)
          registerer.stateChange.addListener((state) => state === RegistererState.Registered && resolve())
          void registerer.register()
        }),
    )
  }

  take(session) {
    this.session = session
    session.stateChange.addListener((state) => {
      note({ [SessionState.Established]: 'confirmed', [SessionState.Terminated]: 'ended' }[state] ?? state)
    })
    session.delegate = { onSessionDescriptionHandler: (handler) => this.ear.watch(handler.peerConnection) }
  }

  async call(target, { tone }) {
    this.tone = tone
    const session = new Inviter(this.ua, UserAgent.makeURI(target))
    this.take(session)
    await session.invite()
  }

  async answer({ tone }) {
    this.tone = tone
    await this.session.accept()
  }

  hangup = () => void this.session.bye()
}

window.phone = {
  log,
  start(options) {
    this.it = options.library === 'sip.js' ? new SipJsPhone(options) : new JsSipPhone(options)
    return this.it.registered.then(() => undefined)
  },
}
