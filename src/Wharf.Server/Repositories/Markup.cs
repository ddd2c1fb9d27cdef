using System.Buffers;
using System.Text.Encodings.Web;
using Markdig;
using Markdig.Renderers;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Wharf.Server.Repositories;

/// <summary>
/// Descriptions as HTML that can be put into a page: anyone who may write to a repository writes its description, and everyone who
/// may read it sees it. Markup that the text brings along is shown as text; links and images go only where it is harmless to go.
/// </summary>
internal static class Markup
{
    /// <summary>The longest text that is rendered; its HTML is a few times as long.</summary>
    public const int MaxLength = 65_536;

    // Unfinished links and emphasis cost the square of their number: 16,000 of them a second. No text for people has this many.
    private const int MaxDelimiters = 4_000;
    private static readonly SearchValues<char> s_delimiters = SearchValues.Create("[*_~^");

    // Markdig stops by itself at 128 levels of nesting.
    private static readonly MarkdownPipeline s_pipeline = new MarkdownPipelineBuilder()
        .DisableHtml().UsePipeTables().UseEmphasisExtras().UseTaskLists().UseAutoLinks().Build();

    public static string ToHtml(string markdown)
    {
        if (markdown.Length == 0)
            return "";
        if (markdown.AsSpan().CountAny(s_delimiters) > MaxDelimiters)
            return Preformatted(markdown);
        MarkdownDocument document;
        try
        {
            document = Markdown.Parse(markdown, s_pipeline);
        }
        // Text that is nested too deeply to be anyone's description.
        catch (ArgumentException)
        {
            return Preformatted(markdown);
        }
        foreach (var link in document.Descendants<LinkInline>().ToList())
            Clean(link);
        foreach (var link in document.Descendants<AutolinkInline>().ToList())
            if (!IsAllowed(link.IsEmail ? "mailto:" + link.Url : link.Url, "https", "http", "mailto"))
                link.ReplaceBy(new LiteralInline(link.Url));
            else
                Mark(link);
        using var writer = new StringWriter();
        var renderer = new HtmlRenderer(writer);
        s_pipeline.Setup(renderer);
        renderer.Render(document);
        return writer.ToString();
    }

    private static string Preformatted(string text) => $"<pre>{HtmlEncoder.Default.Encode(text)}</pre>";

    private static void Clean(LinkInline link)
    {
        // A reference's definition decides at the time of rendering otherwise.
        var url = link.GetDynamicUrl?.Invoke() ?? link.Url;
        link.GetDynamicUrl = null;
        link.Url = url;
        if (link.IsImage ? !IsAllowed(url, "https") : !IsAllowed(url, "https", "http", "mailto"))
            // What it says stays.
            link.ReplaceBy(new ContainerInline(), copyChildren: true);
        else if (!link.IsImage)
            Mark(link);
    }

    private static void Mark(IMarkdownObject link) => link.GetAttributes().AddProperty("rel", "nofollow noopener noreferrer");

    private static bool IsAllowed(string? url, params ReadOnlySpan<string> schemes) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && schemes.Contains(uri.Scheme) && !url.AsSpan().ContainsAnyInRange('\0', ' ');
}
