import { describe, expect, it } from 'vitest'
import { seededRandom, VirtualClock } from '#lib'
import {
  parseAuthParams,
  parseMessage,
  type Request,
  type Response,
  writeRequest,
  writeResponse,
} from '../message/index.ts'
import {
  type Algorithm,
  Authenticator,
  type AuthenticatorOptions,
  answerChallenge,
  digestResponse,
  GuessLock,
  ha1,
  NonceMint,
  sourceOf,
} from './index.ts'

const realm = 'baton.local'
const secrets = (user: string) => ({
  ha1Md5: ha1('MD5', user, realm, `${user}-demo`),
  ha1Sha256: ha1('SHA-256', user, realm, `${user}-demo`),
})
const users = new Map(['alice', 'bob'].map((user) => [user, secrets(user)]))

function request(method = 'REGISTER', uri = 'sip:baton.local', authorization?: string): Request {
  const headers: [string, string][] = [
    ['Via', 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1'],
    ['From', '<sip:alice@baton.local>;tag=a'],
    ['To', '<sip:alice@baton.local>'],
    ['Call-ID', 'c'],
    ['CSeq', `1 ${method}`],
  ]
  if (authorization !== undefined) headers.push(['Authorization', authorization])
  const result = parseMessage(writeRequest({ method, uri, headers }))
  if (!result.ok || result.value.kind !== 'request') throw new Error('no request')
  return result.value
}

function challenged(status: number, ...values: string[]): Response {
  const name = status === 407 ? 'Proxy-Authenticate' : 'WWW-Authenticate'
  const bytes = writeResponse({
    status,
    headers: [
      ['Via', 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1'],
      ['From', '<sip:a@h>;tag=a'],
      ['To', '<sip:a@h>;tag=b'],
      ['Call-ID', 'c'],
      ['CSeq', '1 REGISTER'],
      ...values.map((value): [string, string] => [name, value]),
    ],
  })
  const result = parseMessage(bytes)
  if (!result.ok || result.value.kind !== 'response') throw new Error('no response')
  return result.value
}

function setUp(options: Partial<AuthenticatorOptions> = {}) {
  const clock = new VirtualClock()
  const random = seededRandom(7616)
  const authenticator = new Authenticator({ realm, clock, random, lookup: (name) => users.get(name), ...options })
  /** The nonce of a fresh challenge. */
  const challenge = (address = '192.0.2.1'): string => {
    const outcome = authenticator.check(request(), address)
    if (outcome.outcome !== 'challenge') throw new Error(outcome.outcome)
    return outcome.header
  }
  return { clock, authenticator, challenge }
}

interface Login {
  username?: string
  password?: string
  method?: string
  uri?: string
  nc?: number
}

/** An Authorization value that answers a challenge. */
function answer(header: string, login: Login = {}): string {
  const {
    username = 'alice',
    password = `${username}-demo`,
    method = 'REGISTER',
    uri = 'sip:baton.local',
    nc = 1,
  } = login
  const answered = answerChallenge(challenged(401, header), { username, password }, method, uri, nc, 'cn')
  if (answered === undefined) throw new Error('not answered')
  return answered[1]
}

describe('digest', () => {
  it('gives the responses of RFC 2617 §3.5 and RFC 7616 §3.9.1', () => {
    const rfc2617 = {
      algorithm: 'MD5' as Algorithm,
      ha1: ha1('MD5', 'Mufasa', 'testrealm@host.com', 'Circle Of Life'),
      nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
      method: 'GET',
      uri: '/dir/index.html',
      qop: 'auth' as const,
      nc: '00000001',
      cnonce: '0a4f113b',
    }
    expect(digestResponse(rfc2617)).toBe('6629fae49393a05397450978507c4ef1')
    // The same without qop, as RFC 2069 counts it.
    expect(digestResponse({ ...rfc2617, qop: undefined })).toBe('670fd8c2df070c60b045671b8b24ff02')
    const rfc7616 = {
      method: 'GET',
      uri: '/dir/index.html',
      nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
      nc: '00000001',
      cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
      qop: 'auth' as const,
    }
    const secret = (algorithm: Algorithm) => ha1(algorithm, 'Mufasa', 'http-auth@example.org', 'Circle of Life')
    expect(digestResponse({ ...rfc7616, algorithm: 'MD5', ha1: secret('MD5') })).toBe(
      '8ca523f5e9506fed4657c9700eebdbec',
    )
    expect(digestResponse({ ...rfc7616, algorithm: 'SHA-256', ha1: secret('SHA-256') })).toBe(
      '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
    )
  })
})

describe('Authenticator', () => {
  it('challenges and lets the right password in', () => {
    const { authenticator, challenge } = setUp()
    const header = challenge()
    expect(header).toMatch(/^Digest realm="baton\.local", nonce="[\w-]{40}", algorithm=MD5, qop="auth"$/)
    const outcome = authenticator.check(request('REGISTER', 'sip:baton.local', answer(header)), '192.0.2.1')
    expect(outcome).toEqual({ outcome: 'ok', username: 'alice' })
  })

  it('speaks SHA-256 where the listener does, and then nothing else', () => {
    const { authenticator, challenge } = setUp({ algorithm: 'SHA-256' })
    const header = challenge()
    expect(header).toContain('algorithm=SHA-256')
    const md5 = answer(header.replace('SHA-256', 'MD5'))
    expect(authenticator.check(request('REGISTER', 'sip:baton.local', md5), '192.0.2.1').outcome).toBe('challenge')
    const right = request('REGISTER', 'sip:baton.local', answer(header))
    expect(authenticator.check(right, '192.0.2.1').outcome).toBe('ok')
  })

  it('takes credentials without qop once', () => {
    const { authenticator, challenge } = setUp()
    const old = request('REGISTER', 'sip:baton.local', answer(challenge().replace(', qop="auth"', '')))
    expect(authenticator.check(old, '192.0.2.1').outcome).toBe('ok')
    expect(authenticator.check(old, '192.0.2.1')).toMatchObject({ outcome: 'challenge', stale: true })
  })

  it('refuses a replay, takes rising counts and a late one', () => {
    const { authenticator, challenge } = setUp()
    const header = challenge()
    const use = (nc: number) => {
      const outcome = authenticator.check(request('REGISTER', 'sip:baton.local', answer(header, { nc })), '192.0.2.1')
      return outcome.outcome === 'challenge' ? `stale=${outcome.stale}` : outcome.outcome
    }
    expect([use(1), use(1), use(2), use(70), use(69), use(69), use(7), use(6), use(2)]).toEqual([
      'ok',
      'stale=true',
      'ok',
      'ok',
      'ok',
      'stale=true',
      'ok',
      'stale=true',
      'stale=true',
    ])
  })

  it('binds a nonce to the address', () => {
    const { authenticator, challenge } = setUp()
    const elsewhere = request('REGISTER', 'sip:baton.local', answer(challenge('192.0.2.1')))
    expect(authenticator.check(elsewhere, '192.0.2.2')).toMatchObject({ outcome: 'challenge', stale: true })
    expect(authenticator.check(elsewhere, '192.0.2.1').outcome).toBe('ok')
  })

  it('lets a nonce wait five minutes, and serve for an hour once used', async () => {
    const { authenticator, challenge, clock } = setUp()
    const used = challenge()
    const unused = challenge()
    const check = (header: string, nc: number) =>
      authenticator.check(request('REGISTER', 'sip:baton.local', answer(header, { nc })), '192.0.2.1')
    expect(check(used, 1).outcome).toBe('ok')
    await clock.advance(301_000)
    expect(check(unused, 1)).toMatchObject({ outcome: 'challenge', stale: true })
    expect(check(used, 2).outcome).toBe('ok')
    await clock.advance(3_300_000)
    expect(check(used, 3)).toMatchObject({ outcome: 'challenge', stale: true })
  })

  it('calls nonces of an earlier process stale', () => {
    const header = setUp().challenge()
    const { authenticator } = setUp({ random: seededRandom(1) })
    const outcome = authenticator.check(request('REGISTER', 'sip:baton.local', answer(header)), '192.0.2.1')
    expect(outcome).toMatchObject({ outcome: 'challenge', stale: true })
    expect(outcome.outcome === 'challenge' && outcome.header).toMatch(/, stale=true$/)
  })

  it('answers a wrong password and an unknown user alike', () => {
    const { authenticator, challenge } = setUp()
    const shape = (login: Login) => {
      const outcome = authenticator.check(
        request('REGISTER', 'sip:baton.local', answer(challenge(), login)),
        '192.0.2.1',
      )
      return outcome.outcome === 'challenge' ? outcome.header.replace(/nonce="[^"]*"/, '') : outcome.outcome
    }
    const wrong = shape({ password: 'wrong' })
    expect(wrong).toMatch(/^Digest realm/)
    expect(wrong).not.toContain('stale')
    expect(shape({ username: 'nobody' })).toBe(wrong)
  })

  it('lets nobody in as a user without a secret', () => {
    const { authenticator, challenge } = setUp({ lookup: () => ({ ha1Md5: '', ha1Sha256: '' }) })
    const header = challenge()
    const nonce = /nonce="([^"]*)"/.exec(header)?.[1] ?? ''
    const response = digestResponse({ algorithm: 'MD5', ha1: '', nonce, method: 'REGISTER', uri: 'sip:baton.local' })
    const forged = `Digest username="alice", realm="${realm}", nonce="${nonce}", uri="sip:baton.local", response="${response}"`
    expect(authenticator.check(request('REGISTER', 'sip:baton.local', forged), '192.0.2.1').outcome).toBe('challenge')
  })

  it.each([
    ['another realm', (value: string) => value.replace(`realm="${realm}"`, 'realm="other"')],
    ['auth-int', (value: string) => value.replace('qop=auth', 'qop=auth-int')],
    ['another scheme', (value: string) => value.replace('Digest', 'Basic')],
    ['no nonce count', (value: string) => value.replace(', nc=00000001', '')],
    ['count zero', (value: string) => value.replace('nc=00000001', 'nc=00000000')],
    ['a count that is no number', (value: string) => value.replace('nc=00000001', 'nc=1e')],
    ['a response that is longer', (value: string) => value.replace(/response="(\w+)"/, 'response="$1aa"')],
    ['another spelling of the nonce', (value: string) => value.replace(/nonce="([^"]{40})"/, 'nonce="$1="')],
    ['a broken header', () => 'Digest realm="'],
  ])('challenges credentials with %s', (_, change) => {
    const { authenticator, challenge } = setUp()
    const changed = request('REGISTER', 'sip:baton.local', change(answer(challenge())))
    expect(authenticator.check(changed, '192.0.2.1').outcome).toBe('challenge')
  })

  it('asks the digest URI to name what the request names', () => {
    const { authenticator, challenge } = setUp({ isOurs: (host) => host === 'baton.local' || host === '127.0.0.1' })
    const check = (target: string, uri: string) => {
      const value = answer(challenge(), { method: 'INVITE', uri })
      return authenticator.check(request('INVITE', target, value), '192.0.2.1').outcome
    }
    expect(check('sip:102@baton.local;transport=tcp', 'sip:102@Baton.Local')).toBe('ok')
    expect(check('sip:102@127.0.0.1:5060', 'sip:127.0.0.1:5060')).toBe('ok')
    expect(check('sip:102@baton.local', 'sip:102@127.0.0.1')).toBe('ok')
    expect(check('sip:102@baton.local', 'sip:103@baton.local')).toBe('challenge')
    expect(check('sip:102@baton.local', 'sip:102@example.com')).toBe('challenge')
    expect(check('tel:+12025550101', 'tel:+12025550101')).toBe('ok')
  })

  it('does not take credentials made for another method', () => {
    const { authenticator, challenge } = setUp()
    const value = answer(challenge(), { method: 'REGISTER' })
    expect(authenticator.check(request('INVITE', 'sip:baton.local', value), '192.0.2.1').outcome).toBe('challenge')
  })
})

describe('the lock against guessing', () => {
  const guess = (set: ReturnType<typeof setUp>, username: string, password: string, address: string) =>
    set.authenticator.check(
      request('REGISTER', 'sip:baton.local', answer(set.challenge(address), { username, password })),
      address,
    )

  it('locks an account for the guessing source only, alike for accounts that do not exist', () => {
    for (const username of ['alice', 'nobody']) {
      const set = setUp({ lockOptions: { triesPerAccount: 3 } })
      for (let i = 0; i < 3; i++) expect(guess(set, username, `no${i}`, '192.0.2.66').outcome).toBe('challenge')
      const locked = guess(set, username, `${username}-demo`, '192.0.2.66')
      expect(locked).toEqual({ outcome: 'locked', retryAfterMs: 60_000 })
      expect(guess(set, 'bob', 'bob-demo', '192.0.2.66').outcome).toBe('ok')
      expect(guess(set, username, `${username}-demo`, '192.0.2.1').outcome).toBe(
        username === 'alice' ? 'ok' : 'challenge',
      )
    }
  })

  it('locks a source that tries many accounts', () => {
    const set = setUp({ lockOptions: { triesPerSource: 5 } })
    for (let i = 0; i < 5; i++) guess(set, `user${i}`, 'x', '192.0.2.66')
    expect(guess(set, 'alice', 'alice-demo', '192.0.2.66').outcome).toBe('locked')
    expect(guess(set, 'alice', 'alice-demo', '192.0.2.67').outcome).toBe('ok')
  })

  it('lets the phone that is in stay in, behind the same address', () => {
    const set = setUp({ lockOptions: { triesPerAccount: 3 } })
    const header = set.challenge('192.0.2.66')
    const phone = (nc: number) =>
      set.authenticator.check(request('REGISTER', 'sip:baton.local', answer(header, { nc })), '192.0.2.66').outcome
    expect(phone(1)).toBe('ok')
    for (let i = 0; i < 3; i++) guess(set, 'alice', 'no', '192.0.2.66')
    expect(guess(set, 'alice', 'alice-demo', '192.0.2.66').outcome).toBe('locked')
    expect(phone(2)).toBe('ok')
  })

  it('does not hold for the port that a phone of the account is registered from', () => {
    const isRegistered = (...phone: unknown[]) => phone.join() === 'alice,192.0.2.66,5070'
    const set = setUp({ lockOptions: { triesPerAccount: 3 }, isRegistered })
    for (let i = 0; i < 3; i++) guess(set, 'alice', 'no', '192.0.2.66')
    const call = (port: number) =>
      set.authenticator.check(
        request('REGISTER', 'sip:baton.local', answer(set.challenge('192.0.2.66'))),
        '192.0.2.66',
        port,
      ).outcome
    expect([call(5071), call(5070)]).toEqual(['locked', 'ok'])
  })

  it('ends after its time and forgives slow mistakes', async () => {
    const set = setUp({ lockOptions: { triesPerAccount: 3, lockMs: 60_000, forgiveMs: 30_000 } })
    for (let i = 0; i < 3; i++) guess(set, 'alice', 'no', '192.0.2.66')
    expect(guess(set, 'alice', 'alice-demo', '192.0.2.66').outcome).toBe('locked')
    await set.clock.advance(60_000)
    expect(guess(set, 'alice', 'alice-demo', '192.0.2.66').outcome).toBe('ok')
    for (let i = 0; i < 20; i++) {
      expect(guess(set, 'alice', 'no', '192.0.2.66').outcome).toBe('challenge')
      await set.clock.advance(31_000)
    }
  })

  it('keeps a bounded memory', () => {
    const lock = new GuessLock(new VirtualClock(), { maxEntries: 100, triesPerSource: 1_000_000 })
    for (let i = 0; i < 1000; i++) lock.failed(`user${i}`, `10.0.${i >> 8}.${i & 255}`)
    expect(lock.size).toBeLessThanOrEqual(200)
  })

  it('counts an IPv6 host by its /64', () => {
    expect(sourceOf('2001:db8:1:2:aaaa::1')).toBe(sourceOf('2001:0db8:1:2::ffff'))
    expect(sourceOf('2001:db8:1:2::1')).not.toBe(sourceOf('2001:db8:1:3::1'))
    expect(sourceOf('::ffff:192.0.2.1')).toBe('192.0.2.1')
    expect(sourceOf('::1')).toBe('0:0:0:0::/64')
  })
})

describe('NonceMint', () => {
  it('forgets old nonces rather than growing, and what it forgot is stale', () => {
    const clock = new VirtualClock()
    const mint = new NonceMint({ clock, random: seededRandom(2), maxTracked: 10 })
    const first = mint.mint('a')
    expect(mint.use(first, 'alice', 1)).toBe(true)
    for (let i = 0; i < 50; i++) mint.use(mint.mint('a'), 'alice', 1)
    expect(mint.tracked).toBe(10)
    // Its count is gone, so a replay could not be told from a first use.
    expect(mint.isFresh(first, 'a')).toBe(false)
  })

  it('takes no foreign or changed nonce', () => {
    const mint = new NonceMint({ clock: new VirtualClock(), random: seededRandom(2) })
    const nonce = mint.mint('a')
    expect(mint.isFresh(nonce, 'a')).toBe(true)
    for (let i = 0; i < 40; i++) {
      const changed = `${nonce.slice(0, i)}${nonce[i] === 'A' ? 'B' : 'A'}${nonce.slice(i + 1)}`
      expect(mint.isFresh(changed, 'a')).toBe(false)
    }
    expect(mint.isFresh('', 'a')).toBe(false)
  })
})

describe('answerChallenge', () => {
  const credentials = { username: 'alice', password: 'secret' }
  const params = (value: string | undefined) => {
    const read = parseAuthParams(value ?? '')
    if (!read.ok) throw new Error(read.code)
    return read.value.params
  }

  it('answers 407 in its own header', () => {
    const [name, value] =
      answerChallenge(
        challenged(407, 'Digest realm="r", nonce="n", qop="auth"'),
        credentials,
        'INVITE',
        'sip:b@h',
        1,
        'cn',
      ) ?? []
    expect(name).toBe('Proxy-Authorization')
    expect([...params(value).keys()]).toEqual(['username', 'realm', 'nonce', 'uri', 'response', 'qop', 'nc', 'cnonce'])
  })

  it('prefers SHA-256, gives opaque back and skips what it does not speak', () => {
    const response = challenged(
      401,
      'Basic realm="r"',
      'Digest realm="r", nonce="n", algorithm=SHA-512-256',
      'Digest realm="r", nonce="n1", algorithm=MD5',
      'Digest realm="r", nonce="n2", algorithm=SHA-256, opaque="o\\"p"',
      'Digest realm="r", nonce="n3", algorithm=SHA-256, qop="auth-int"',
    )
    const answered = params(answerChallenge(response, credentials, 'REGISTER', 'sip:h', 1, 'cn')?.[1])
    expect(answered.get('nonce')).toBe('n2')
    expect(answered.get('opaque')).toBe('o"p')
    expect(answered.get('response')).toHaveLength(64)
    expect(answered.has('cnonce')).toBe(false)
  })

  it('gives a foreign realm nothing', () => {
    const foreign = challenged(407, 'Digest realm="evil", nonce="n"')
    expect(answerChallenge(foreign, { ...credentials, realm: 'home' }, 'INVITE', 'sip:b@h', 1, 'cn')).toBeUndefined()
    const both = challenged(407, 'Digest realm="evil", nonce="n"', 'Digest realm="home", nonce="m"')
    const answered = answerChallenge(both, { ...credentials, realm: 'home' }, 'INVITE', 'sip:b@h', 1, 'cn')
    expect(params(answered?.[1]).get('realm')).toBe('home')
  })

  it('answers nothing but 401 and 407, and no challenge it cannot read', () => {
    expect(
      answerChallenge(challenged(403, 'Digest realm="r", nonce="n"'), credentials, 'X', 'sip:h', 1, 'c'),
    ).toBeUndefined()
    expect(answerChallenge(challenged(401, 'Digest realm="r'), credentials, 'X', 'sip:h', 1, 'c')).toBeUndefined()
    expect(answerChallenge(challenged(401), credentials, 'X', 'sip:h', 1, 'c')).toBeUndefined()
  })
})
