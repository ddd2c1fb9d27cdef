using Microsoft.Playwright;

namespace Wharf.Tests.Server.ApiDocs;

/// <summary>/api/docs in a browser: for everyone, on every screen, with or without scripts.</summary>
[Trait("Database", "Any")]
public sealed class DocsPageTests(UserRegistry registry, Chromium chromium) : IClassFixture<UserRegistry>, IClassFixture<Chromium>
{
    private Uri Docs => new(registry.Url, "/api/docs");

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(360, ColorScheme.Light)]
    [InlineData(360, ColorScheme.Dark)]
    public async Task Axe_finds_nothing_and_nothing_is_wider_than_the_screen(int width, ColorScheme scheme)
    {
        var page = await chromium.OpenAsync(new Uri(Docs, "?q=robot"), width, scheme);

        Assert.Equal([], await Axe.ViolationsAsync(page));
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"));
    }

    [Fact]
    public async Task The_page_of_an_error_is_as_good()
    {
        var page = await chromium.OpenAsync(new Uri(registry.Url, "/api/v1/error/not_found"), 360, ColorScheme.Dark);

        Assert.Equal([], await Axe.ViolationsAsync(page));
    }

    [Fact]
    public async Task What_is_bad_axe_finds()
    {
        var page = await chromium.OpenAsync(new Uri(registry.Url, "/robots.txt"));
        await page.SetContentAsync("""<html lang="en"><title>Bad</title><main><h1>Bad</h1><img src="data:,"><p style="color:#ccc;background:#fff">Faint</p></main></html>""");

        Assert.Equal(["critical: image-alt", "serious: color-contrast"], (await Axe.ViolationsAsync(page)).Select(static v => v[..v.LastIndexOf(": ", StringComparison.Ordinal)]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_keyboard_is_enough()
    {
        var page = await chromium.OpenAsync(Docs);

        await page.Keyboard.PressAsync("Tab");
        Assert.Equal("To the operations", await page.EvaluateAsync<string>("document.activeElement.textContent"));
        await page.Keyboard.PressAsync("Enter");
        Assert.Equal("operations", await page.EvaluateAsync<string>("document.activeElement.id"));
        await page.FocusAsync("#q");
        await page.Keyboard.TypeAsync("getOrganizationMembers");
        await page.Keyboard.PressAsync("Enter");
        // Asked again and again: waiting for the navigation itself misses one that is over already.
        await Poll.UntilAsync(() => Task.FromResult(page.Url.EndsWith("q=getOrganizationMembers", StringComparison.Ordinal)), TimeSpan.FromSeconds(60));
        await page.Locator("#getOrganizationMembers").WaitForAsync();
        Assert.Equal(1, await page.Locator("main > section:not(#types) > article").CountAsync());
    }

    [Fact]
    public async Task The_search_answers_while_one_types()
    {
        var page = await chromium.OpenAsync(Docs);
        var operations = page.Locator("main > section:not(#types) > article:visible");
        Assert.True(await operations.CountAsync() > 100);

        await page.FillAsync("#q", "regenerate robot");

        Assert.Equal(["regenerateOrgRobotToken", "regenerateUserRobotToken"], await operations.EvaluateAllAsync<string[]>("all => all.map(a => a.id)"));
        Assert.Equal("2 operations", await page.TextContentAsync("#count"));
    }

    [Fact]
    public async Task Without_scripts_all_is_there_and_the_search_works()
    {
        var page = await chromium.OpenAsync(Docs, scripts: false);
        Assert.True(await page.Locator("article:visible").CountAsync() > 100);

        await page.FillAsync("#q", "listTags");
        await page.ClickAsync("button");

        Assert.Equal(1, await page.Locator("main > section:not(#types) > article").CountAsync());
    }

    [Fact]
    public async Task A_search_for_markup_is_text()
    {
        var (hostile, ran) = ("\"><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">", new List<string>());

        var page = await chromium.OpenAsync(new Uri(Docs, "?q=" + Uri.EscapeDataString(hostile)));
        page.Dialog += (_, dialog) => ran.Add(dialog.Message);

        Assert.Equal("Wharf API", await page.TitleAsync());
        Assert.Equal(hostile[..Math.Min(hostile.Length, 100)], await page.InputValueAsync("#q"));
        Assert.Equal(0, await page.Locator("img").CountAsync());
        Assert.Empty(ran);
    }

    [Fact]
    public async Task It_runs_and_loads_nothing_but_its_own_files()
    {
        var answer = (await registry.Anonymous.ReadAsync("/api/docs")).Is(200);

        Assert.Equal("default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'", answer.Header("Content-Security-Policy"));
        Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
        Assert.DoesNotMatch("<script(?! src=\"/api/docs/docs.js\")|<style| style=| on[a-z]+=|https?://", answer.Text);
    }
}
