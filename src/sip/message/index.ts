export { type AuthParams, parseAuthParams } from './auth-params.ts'
export { quote, unquote } from './chars.ts'
export { type Frame, StreamFramer } from './framer.ts'
export { type BodyPart, parseMultipart } from './multipart.ts'
export { formatNameAddr, parseNameAddr, parseNameAddrList } from './name-addr.ts'
export { MAX_HEADERS, MAX_MESSAGE_BYTES, type ParsedMessage, type ParseOptions, parseMessage } from './parse.ts'
export { reasonPhrase } from './reason-phrases.ts'
export { responseHeaders, type Source } from './response-headers.ts'
export { parseTokenList } from './token-list.ts'
export * from './types.ts'
export { escapeUser, parseUri, unescapeUri, uriEquals } from './uri.ts'
export {
  parseRAck,
  parseReason,
  parseReplaces,
  parseSessionExpires,
  type RAck,
  type Reason,
  type Replaces,
  type SessionExpires,
} from './values.ts'
export { parseViaList } from './via.ts'
export { type RequestToWrite, type ResponseToWrite, writeRequest, writeResponse } from './write.ts'
