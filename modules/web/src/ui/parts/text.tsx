// A person's text: isolated in its direction, line breaks kept, web addresses made into links. Never markup.
import { split_links } from "../../base/links";

export function Text({ text }: { text: string }) {
    return (
        <span class="said" dir="auto">
            {split_links(text).map((piece) =>
                piece.kind === "text" ? (
                    piece.text
                ) : (
                    <a href={piece.href} target="_blank" rel="noopener noreferrer nofollow" tabIndex={-1}>
                        {piece.text}
                    </a>
                ),
            )}
        </span>
    );
}
