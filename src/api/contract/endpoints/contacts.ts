import * as contacts from '../contacts.ts'
import { idPath } from '../shared.ts'
import { type Endpoint, none } from './endpoint.ts'

/** Contacts and their notes. */
export const contactsEndpoints = {
  'GET /api/v1/contacts': {
    about: 'My contacts and the shared ones.',
    access: 'person',
    scope: 'contacts:read',
    query: contacts.contactQuery,
    status: 200,
    answer: contacts.contactList,
  },
  'POST /api/v1/contacts': {
    about: 'Add a contact.',
    access: 'person',
    scope: 'contacts:write',
    body: contacts.contactBody,
    status: 201,
    answer: contacts.contact,
  },
  'POST /api/v1/contacts/import': {
    about: 'Take contacts from a vCard (2.1, 3.0, 4.0) or CSV file; lines that cannot be read are named and left out.',
    access: 'person',
    scope: 'contacts:write',
    body: contacts.importBody,
    bodyLimit: 4_500_000,
    status: 200,
    answer: contacts.importResult,
  },
  'GET /api/v1/contacts.csv': {
    about: 'My contacts and the shared ones as CSV.',
    access: 'person',
    scope: 'contacts:read',
    status: 200,
    type: 'text/csv',
  },
  'GET /api/v1/contacts/{id}': {
    about: 'One contact.',
    access: 'person',
    scope: 'contacts:read',
    path: idPath,
    status: 200,
    answer: contacts.contact,
  },
  'PATCH /api/v1/contacts/{id}': {
    about: 'Change a contact.',
    access: 'person',
    scope: 'contacts:write',
    path: idPath,
    body: contacts.contactPatch,
    status: 200,
    answer: contacts.contact,
  },
  'DELETE /api/v1/contacts/{id}': {
    about: 'Remove a contact with its notes.',
    access: 'person',
    scope: 'contacts:write',
    path: idPath,
    ...none,
  },
  'GET /api/v1/contacts/{id}/notes': {
    about: 'Notes of a contact, newest first.',
    access: 'person',
    scope: 'contacts:read',
    path: idPath,
    status: 200,
    answer: contacts.noteList,
  },
  'POST /api/v1/contacts/{id}/notes': {
    about: 'Add a note.',
    access: 'person',
    scope: 'contacts:write',
    path: idPath,
    body: contacts.noteBody,
    status: 201,
    answer: contacts.note,
  },
  'DELETE /api/v1/contacts/{id}/notes/{note}': {
    about: 'Remove a note of mine; administrators, anybody’s.',
    access: 'person',
    scope: 'contacts:write',
    path: contacts.notePath,
    ...none,
  },
} as const satisfies Record<string, Endpoint>
