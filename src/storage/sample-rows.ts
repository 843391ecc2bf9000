import type {
  BindingRow,
  CallContextRow,
  ChargeRow,
  ContactRow,
  DeviceRow,
  DialogRow,
  PersonRow,
  RecordRow,
} from './port.ts'

/** Rows for tests and measurements: a call from outside to alice. */
export function aContext(row: Partial<CallContextRow> = {}): CallContextRow {
  return {
    ...{ callId: 'c1', node: 'n1', callerNumber: '+12025550100', callerName: 'Zoe', dialled: '101', calleeId: 'alice' },
    ...{ branches: '[]', callerDialog: '{"callId":"x@127.0.0.1"}', ringingSince: 1_000, ...row },
  }
}

export function aRecord(row: Partial<RecordRow> = {}): RecordRow {
  return {
    ...{
      id: 'c1',
      node: 'n1',
      state: 'ended',
      direction: 'in',
      callerNumber: '+12025550100',
      callerName: 'Zoe',
      callerId: '',
    },
    ...{
      dialled: '101',
      calleeName: 'Alice',
      calleeId: 'alice',
      trunk: 'demo',
      startedAt: 1_000,
      answeredAt: 2_000,
      endedAt: 3_000,
    },
    ...{
      answeredById: '',
      answeredStation: '',
      cause: 'answered',
      status: 200,
      endedBy: 'caller',
      branches: '[]',
      quality: '{}',
    },
    ...row,
  }
}

/** Carol took a call that rang bob. */
export function aCharge(row: Partial<ChargeRow> & Pick<ChargeRow, 'id'>): ChargeRow {
  return {
    ...{ callId: 'c1', node: 'n1', account: 'carol', kind: 'pickup', calledId: 'bob', calledNumber: '102' },
    ...{ calledName: 'Bob', callerId: '', callerNumber: '+12025550100', callerName: 'Zoe', pickedUpBy: 'carol/phone' },
    ...{ rangMs: '[{"station":"bob/phone","personId":"bob","ms":1500}]', openedAt: 1_500 },
    ...{ answeredAt: null, endedAt: null, state: 'open', reason: '', ...row },
  }
}

export function aDialog(callId: string, role: DialogRow['role'], state = '{"cseq":1}'): DialogRow {
  return { callId, role, node: 'n1', deviceId: role === 'callee' ? 'd1' : '', state }
}

export function aBinding(id: string, deviceId: string): BindingRow {
  return {
    ...{
      id,
      deviceId,
      aor: 'sip:alice@baton.local',
      contact: 'sip:alice@127.0.0.1:5070',
      instance: '',
      regId: 0,
      q: 1000,
    },
    ...{ callIdHeader: 'r1', cseq: 1, path: '[]', protocol: 'udp', remoteAddress: '127.0.0.1', remotePort: 5070 },
    ...{
      flowId: 'udp 127.0.0.1:5060 10.0.0.7:5062',
      userAgent: 'baresip',
      push: '',
      registeredAt: 1_000,
      expiresAt: 61_000,
    },
  }
}

export function aPerson(id: string, login: string): PersonRow {
  return { id, login, name: 'Alice', extension: '101', email: 'a@example.org', role: 'person', settings: '{}' }
}

export function aDevice(id: string, personId: string, username: string): DeviceRow {
  return { id, personId, name: 'desk', username, ha1Md5: 'md5 of it', ha1Sha256: 'sha of it', settings: '{}' }
}

export function aContact(row: Partial<ContactRow> & Pick<ContactRow, 'id'>): ContactRow {
  return {
    ...{ ownerId: 'alice', shared: 0, name: 'Zoe', company: '', email: '', remark: '', numbers: '[]' },
    ...{ createdAt: 1_000, changedAt: 1_000, ...row },
  }
}
