// A labelled input with its hint and its error, and the button that waits for an answer.
import { Eye, EyeOff } from "lucide";
import type { ComponentChildren, InputHTMLAttributes } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { t } from "../../i18n/language";
import { Icon } from "./icon";

interface FieldProps {
    label: string;
    value: string;
    on_input(value: string): void;
    hint?: string;
    error?: string | null;
    name?: string;
    type?: "text" | "password" | "number";
    autocomplete?: InputHTMLAttributes["autocomplete"];
    focus?: boolean;
    lines?: number;
    min?: number;
    max?: number;
}

export function Field(props: FieldProps) {
    const id = useId();
    const [visible, show] = useState(false);
    const secret = props.type === "password";
    const about = props.error ? `${id}-error` : props.hint ? `${id}-hint` : undefined;
    const shared = {
        id,
        name: props.name,
        value: props.value,
        "data-focus": props.focus || undefined,
        "aria-invalid": props.error ? true : undefined,
        "aria-describedby": about,
        autocomplete: props.autocomplete ?? "off",
    };
    const box = useRef<HTMLDivElement>(null);
    useEffect(() => {
        if (props.focus) box.current?.querySelector<HTMLElement>("input, textarea")?.focus();
    }, []);
    return (
        <div class={props.error ? "field wrong" : "field"}>
            <label for={id}>{props.label}</label>
            <div class="field-box" ref={box}>
                {props.lines ? (
                    <textarea
                        {...shared}
                        rows={props.lines}
                        dir="auto"
                        onInput={(event) => props.on_input(event.currentTarget.value)}
                    />
                ) : (
                    <input
                        {...shared}
                        {...({ type: secret && visible ? "text" : (props.type ?? "text") } as {
                            type: "text";
                        })}
                        min={props.min}
                        max={props.max}
                        dir={secret ? "ltr" : "auto"}
                        autocapitalize="none"
                        spellcheck={false}
                        onInput={(event) => props.on_input(event.currentTarget.value)}
                    />
                )}
                {secret && (
                    <button
                        type="button"
                        class="quiet round field-eye"
                        aria-pressed={visible}
                        aria-label={t(visible ? "common.hide_password" : "common.show_password")}
                        onClick={() => show(!visible)}
                    >
                        <Icon node={visible ? EyeOff : Eye} />
                    </button>
                )}
            </div>
            {props.error ? (
                <p class="field-error" id={`${id}-error`}>
                    {props.error}
                </p>
            ) : props.hint ? (
                <p class="field-hint" id={`${id}-hint`}>
                    {props.hint}
                </p>
            ) : null}
        </div>
    );
}

export function Submit({
    busy,
    children,
    disabled,
}: {
    busy: boolean;
    children: ComponentChildren;
    disabled?: boolean;
}) {
    return (
        <button type="submit" class="strong" disabled={disabled} aria-busy={busy}>
            {children}
        </button>
    );
}

export function Switch({
    label,
    hint,
    on,
    on_change,
}: {
    label: string;
    hint?: string;
    on: boolean;
    on_change(on: boolean): void;
}) {
    const id = useId();
    return (
        <label class="switch">
            <span class="switch-text">
                <span>{label}</span>
                {hint && (
                    <span class="field-hint" id={id}>
                        {hint}
                    </span>
                )}
            </span>
            <input
                type="checkbox"
                role="switch"
                checked={on}
                aria-describedby={hint ? id : undefined}
                onChange={(event) => on_change(event.currentTarget.checked)}
            />
            <span class="switch-track" aria-hidden="true" />
        </label>
    );
}
