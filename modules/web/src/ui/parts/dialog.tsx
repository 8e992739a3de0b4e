// A modal dialog on the browser's own: it traps the focus, closes by Esc and gives the focus back.
import { X } from "lucide";
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../../i18n/language";
import { Icon } from "./icon";

interface Props {
    title: string;
    on_close(): void;
    children: ComponentChildren;
    /** Stands at the top instead of the middle, without a visible title. */
    palette?: boolean;
}

export function Dialog({ title, on_close, children, palette }: Props) {
    const dialog = useRef<HTMLDialogElement>(null);
    const title_id = useId();
    // The focus is given back before anything that was opened from here asks for it.
    useLayoutEffect(() => {
        const before = document.activeElement;
        const element = dialog.current;
        element?.showModal();
        // Left to itself the browser would begin at the button that closes.
        element?.querySelector<HTMLElement>("[data-focus]")?.focus();
        return () => {
            element?.close();
            if (before instanceof HTMLElement && before.isConnected) before.focus();
        };
    }, []);
    return (
        <dialog
            ref={dialog}
            class={palette ? "dialog palette" : "dialog"}
            aria-labelledby={title_id}
            onCancel={(event) => (event.preventDefault(), on_close())}
            onMouseDown={(event) => event.target === dialog.current && on_close()}
        >
            <div class="dialog-body">
                <header class={palette ? "unseen" : "dialog-head"}>
                    <h2 id={title_id}>{title}</h2>
                    {!palette && (
                        <button
                            type="button"
                            class="quiet round"
                            aria-label={t("common.close")}
                            onClick={on_close}
                        >
                            <Icon node={X} />
                        </button>
                    )}
                </header>
                {children}
            </div>
        </dialog>
    );
}

export function Confirm({
    title,
    lead,
    action,
    danger,
    on_close,
    on_confirm,
}: {
    title: string;
    lead: string;
    action: string;
    danger?: boolean;
    on_close(): void;
    on_confirm(): void;
}) {
    return (
        <Dialog title={title} on_close={on_close}>
            <p class="muted">{lead}</p>
            <div class="actions">
                <button type="button" class="plain" onClick={on_close}>
                    {t("common.cancel")}
                </button>
                <button type="button" class={danger ? "strong danger" : "strong"} onClick={on_confirm}>
                    {action}
                </button>
            </div>
        </Dialog>
    );
}
