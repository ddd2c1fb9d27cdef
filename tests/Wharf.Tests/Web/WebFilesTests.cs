using System.Text.RegularExpressions;
using Wharf.Tests.Server;

namespace Wharf.Tests.Web;

/// <summary>How the files of the web interface are served.</summary>
[Collection(nameof(WebSite))]
public sealed partial class WebFilesTests(WebSite site)
{
    private HttpClient Anonymous => site.Registry.Anonymous;

    [Theory]
    [InlineData("/")]
    [InlineData("/signin")]
    [InlineData("/repository/acme/some/deep/name?tab=tags")]
    [InlineData("/repository/acme/app/tag/v1")]
    [InlineData("/organization/acme/teams/owners")]
    [InlineData("/superuser")]
    public async Task Each_address_of_a_page_is_the_document_which_runs_nothing_but_its_own_files(string path)
    {
        var answer = (await Anonymous.ReadAsync(path)).Is(200);

        Assert.Equal("text/html; charset=utf-8", answer.Header("Content-Type"));
        Assert.Equal("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'", answer.Header("Content-Security-Policy"));
        Assert.Equal(("no-cache", "nosniff", "same-origin"), (answer.Header("Cache-Control"), answer.Header("X-Content-Type-Options"), answer.Header("Referrer-Policy")));
        Assert.DoesNotMatch("<script(?![^>]* src=\"/)|<style| style=| on[a-z]+=|https?://", answer.Text);
    }

    [Fact]
    public async Task Assets_are_compressed_once_and_kept_for_ever()
    {
        var script = Script().Match((await Anonymous.ReadAsync("/")).Is(200).Text).Value;

        var plain = (await Anonymous.ReadAsync(script)).Is(200);
        var packed = (await Anonymous.SendAsync("GET", script, null, ("Accept-Encoding", "gzip, br"))).Is(200);
        var refused = (await Anonymous.SendAsync("GET", script, null, ("Accept-Encoding", "br;q=0"))).Is(200);
        var known = await Anonymous.SendAsync("GET", script, null, ("Accept-Encoding", "gzip, br"), ("If-None-Match", packed.Header("ETag")!));

        Assert.Equal("public, max-age=31536000, immutable", plain.Header("Cache-Control"));
        Assert.Equal("text/javascript; charset=utf-8", plain.Header("Content-Type"));
        Assert.Equal(("br", "Accept-Encoding"), (packed.Header("Content-Encoding"), packed.Header("Vary")));
        Assert.True(packed.Body.Length * 2 < plain.Body.Length);
        Assert.Null(refused.Header("Content-Encoding"));
        Assert.Equal(304, (int)known.Status);
    }

    [Theory]
    [InlineData("/assets/nothing.js")]
    [InlineData("/assets/..%2f..%2fwharf.dll")]
    [InlineData("/assets/%2e%2e%2findex.html")]
    [InlineData("/assets/%2fetc%2fpasswd")]
    [InlineData("/nothing")]
    public async Task There_is_nothing_else(string path) => Assert.InRange((int)(await Anonymous.ReadAsync(path)).Status, 400, 404);

    [Fact]
    public async Task A_script_of_a_page_is_not_answered_with_a_challenge_that_browsers_would_act_on()
    {
        Assert.Equal("Basic realm=\"wharf\", charset=\"UTF-8\"", (await Anonymous.ReadAsync("/api/v1/user/")).Is(401).Header("WWW-Authenticate"));
        Assert.Null((await Anonymous.SendAsync("GET", "/api/v1/user/", null, ("X-Requested-With", "XMLHttpRequest"))).Is(401).Header("WWW-Authenticate"));
        Assert.Null((await Anonymous.SendAsync("GET", "/api/v1/events", null, ("Accept", "text/event-stream"))).Is(401).Header("WWW-Authenticate"));
    }

    [GeneratedRegex("/assets/index-[^\"]+\\.js", RegexOptions.None, 1000)]
    private static partial Regex Script();
}
