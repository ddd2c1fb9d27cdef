using System.Text.RegularExpressions;
using Wharf.Server.Repositories;

namespace Wharf.Tests.Server.Repositories;

/// <summary>Attack U01: whatever a description holds, its HTML is inert.</summary>
public sealed partial class MarkupTests
{
    [Theory]
    [InlineData("# T\n\n**b** _i_ `c`", "<h1>T</h1>\n<p><strong>b</strong> <em>i</em> <code>c</code></p>\n")]
    [InlineData("[a](https://x.test/y)", "<p><a href=\"https://x.test/y\" rel=\"nofollow noopener noreferrer\">a</a></p>\n")]
    [InlineData("<https://x.test/y>", "<p><a href=\"https://x.test/y\" rel=\"nofollow noopener noreferrer\">https://x.test/y</a></p>\n")]
    [InlineData("[a](mailto:a@x.test)", "<p><a href=\"mailto:a@x.test\" rel=\"nofollow noopener noreferrer\">a</a></p>\n")]
    [InlineData("[a][r]\n\n[r]: http://x.test/y", "<p><a href=\"http://x.test/y\" rel=\"nofollow noopener noreferrer\">a</a></p>\n")]
    [InlineData("![a](https://x.test/y.png)", "<p><img src=\"https://x.test/y.png\" alt=\"a\" /></p>\n")]
    [InlineData("![a](http://x.test/y.png)", "<p>a</p>\n")]
    [InlineData("[a](javascript:alert(1))", "<p>a</p>\n")]
    [InlineData("[a][r]\n\n[r]: javascript:alert(1)", "<p>a</p>\n")]
    [InlineData("[a](/relative)", "<p>a</p>\n")]
    [InlineData("[a](//x.test)", "<p>a</p>\n")]
    [InlineData("", "")]
    public void Markdown_becomes_plain_HTML(string markdown, string html) => Assert.Equal(html, Markup.ToHtml(markdown));

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("<img src=x onerror=alert(1)>")]
    [InlineData("text <b onmouseover=alert(1)>bold</b>")]
    [InlineData("<svg/onload=alert(1)>")]
    [InlineData("<!-- --><iframe src=javascript:alert(1)></iframe>")]
    [InlineData("[a](JaVaScRiPt:alert(1))")]
    [InlineData("[a](java&#115;cript:alert(1))")]
    [InlineData("[a](javascript&colon;alert(1))")]
    [InlineData("[a](\u0001javascript:alert(1))")]
    [InlineData("[a](java\tscript:alert(1))")]
    [InlineData("[a](< javascript:alert(1)>)")]
    [InlineData("[a](vbscript:msgbox(1))")]
    [InlineData("[a](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)")]
    [InlineData("![a](data:image/svg+xml,<svg onload=alert(1)>)")]
    [InlineData("![a](javascript:alert(1))")]
    [InlineData("![a\" onerror=\"alert(1)](https://x.test/y.png)")]
    [InlineData("[![a](javascript:alert(1))](javascript:alert(2))")]
    [InlineData("[![a](javascript:alert(1))](https://x.test)")]
    [InlineData("[a](https://x.test \"\\\" onmouseover=\\\"alert(1)\")")]
    [InlineData("[a](https://x.test/\"onmouseover=alert(1))")]
    [InlineData("<javascript:alert(1)>")]
    [InlineData("<javascript:alert(1)@x.test>")]
    [InlineData("javascript:alert(1)")]
    [InlineData("www.x.test/\"onmouseover=alert(1)")]
    [InlineData("| a | b |\n|---|---|\n| <script>alert(1)</script> | [x](javascript:alert(1)) |")]
    [InlineData("- [ ] <script>alert(1)</script>")]
    [InlineData("# a {onclick=alert(1)}")]
    [InlineData("```html\" onclick=alert(1)\n<script>alert(1)</script>\n```")]
    [InlineData("\u001b[31mred\u001b[0m ${7*7} {{7*7}}")]
    [InlineData("[a](x-custom:boom)")]
    [InlineData("[a](file:///etc/passwd)")]
    public void What_would_run_is_text(string markdown)
    {
        var html = Markup.ToHtml(markdown);

        foreach (Match tag in Tag().Matches(html))
        {
            Assert.Matches("^</?(p|a|img|h[1-6]|ul|ol|li|code|pre|em|strong|del|sub|sup|mark|ins|table|thead|tbody|tr|th|td|br|hr|blockquote|input)$", "<" + tag.Groups["close"].Value + tag.Groups["name"].Value);
            foreach (Match attribute in Attribute().Matches(tag.Groups["attributes"].Value))
            {
                Assert.Contains(attribute.Groups["name"].Value, (string[])["href", "src", "alt", "title", "rel", "class", "type", "disabled", "checked", "start"]);
                if (attribute.Groups["name"].Value is "href")
                    Assert.Matches("^(https?:|mailto:)", attribute.Groups["value"].Value);
                if (attribute.Groups["name"].Value is "src")
                    Assert.StartsWith("https:", attribute.Groups["value"].Value, StringComparison.Ordinal);
            }
            Assert.Equal("", Attribute().Replace(tag.Groups["attributes"].Value, "").Trim(' ', '/'));
        }
    }

    [Fact]
    public void The_longest_and_most_nested_descriptions_are_rendered_in_little_time()
    {
        foreach (var unit in (string[])["> ", "* ", "[", "![", "*a ", "_a ", "<", "`", "(", "[a](", "|a", "\n- ", "~~", "&", "http://a "])
        {
            var text = string.Concat(Enumerable.Repeat(unit, Markup.MaxLength / unit.Length));
            var started = TimeProvider.System.GetTimestamp();

            Assert.NotNull(Markup.ToHtml(text));

            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(2), $"'{unit}' took {TimeProvider.System.GetElapsedTime(started)}");
        }
    }

    [GeneratedRegex("<(?<close>/?)(?<name>[a-zA-Z0-9]+)(?<attributes>[^>]*)>", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Tag();

    [GeneratedRegex("(?<name>[a-zA-Z-]+)=\"(?<value>[^\"]*)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Attribute();
}
