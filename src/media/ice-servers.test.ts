import { describe, expect, it } from 'vitest'
import { iceServers } from './ice-servers.ts'

describe('ICE servers for browsers', () => {
  it('are none without settings', () => {
    expect(iceServers({}, 'alice', 0)).toEqual([])
    expect(iceServers({ stun: [] }, 'alice', 0)).toEqual([])
  })

  it('have a TURN credential that coturn takes, until it ends', () => {
    const turn = { urls: ['turn:turn.example.com:3478'], secret: 'north', ttlSeconds: 3600 }
    // printf 1700003600:alice | openssl dgst -sha1 -hmac north -binary | base64
    expect(iceServers({ stun: ['stun:stun.example.com'], turn }, 'alice', 1_700_000_000_999)).toEqual([
      { urls: ['stun:stun.example.com'] },
      { urls: turn.urls, username: '1700003600:alice', credential: 'wjwSXO2ch1B6VaLTLMy2Avn5O9o=' },
    ])
    expect(iceServers({ turn }, 'a:b', 0)[0]?.username).toBe('3600:a_b')
  })
})
