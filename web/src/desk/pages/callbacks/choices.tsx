interface ChoicesProps {
  readonly label: string
  readonly choices: readonly string[]
  readonly disabled?: boolean
  readonly onChoose: (choice: string) => void
}

/** What may have been meant, each a button. */
export function Choices({ label, choices, disabled, onChoose }: ChoicesProps) {
  return (
    <fieldset className="choices">
      <legend>{label}</legend>
      {choices.map((choice) => (
        <button key={choice} type="button" className="button" disabled={disabled} onClick={() => onChoose(choice)}>
          <bdi>{choice}</bdi>
        </button>
      ))}
    </fieldset>
  )
}
