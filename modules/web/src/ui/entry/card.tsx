// The frame of the pages before one is in: a card in the middle, the choice of language at the foot.
import type { ComponentChildren } from "preact";
import { choose_language, language, languages, t, type Language } from "../../i18n/language";
import { Logo } from "../parts/logo";

export function Card({
    title,
    lead,
    children,
    step,
}: {
    title: string;
    lead?: string;
    children: ComponentChildren;
    step?: string;
}) {
    return (
        <main class="entry">
            <div class="card">
                <header class="card-head">
                    <Logo size="large" />
                    {step && <p class="card-step">{step}</p>}
                    <h1>{title}</h1>
                    {lead && <p class="muted">{lead}</p>}
                </header>
                {children}
            </div>
            <footer class="entry-foot">
                <LanguagePicker />
                {!isSecureContext && <p class="muted">{t("sign_in.insecure")}</p>}
            </footer>
        </main>
    );
}

function LanguagePicker() {
    return (
        <div class="languages" role="group" aria-label={t("sign_in.language")}>
            {Object.entries(languages).map(([tag, name]) => (
                <button
                    type="button"
                    key={tag}
                    lang={tag}
                    class="link"
                    aria-pressed={language.value === tag}
                    onClick={() => void choose_language(tag as Language)}
                >
                    {name}
                </button>
            ))}
        </div>
    );
}
