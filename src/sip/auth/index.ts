export { answerChallenge } from './answer-challenge.ts'
export { type Algorithm, type DigestInput, digestResponse, ha1 } from './digest.ts'
