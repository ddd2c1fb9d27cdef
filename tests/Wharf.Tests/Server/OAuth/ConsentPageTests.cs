using Microsoft.Playwright;
using Wharf.Tests.Server.Accounts;
using Wharf.Tests.Server.ApiDocs;
using Wharf.Tests.Server.Organizations;

namespace Wharf.Tests.Server.OAuth;

/// <summary>The pages of OAuth in a browser: on every screen, with the keyboard, and what their policy lets them do.</summary>
[Trait("Database", "Any")]
public sealed class ConsentPageTests(UserRegistry registry, Chromium chromium) : IClassFixture<UserRegistry>, IClassFixture<Chromium>
{
    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(360, ColorScheme.Light)]
    [InlineData(360, ColorScheme.Dark)]
    public async Task Axe_finds_nothing_and_nothing_is_wider_than_the_screen(int width, ColorScheme scheme)
    {
        var (page, query) = await SignedInAsync(width, scheme);

        await page.GotoAsync($"{registry.Url}oauth/authorize?{query}");

        Assert.Equal([], await Axe.ViolationsAsync(page));
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"));
        Assert.NotEqual("Times New Roman", await page.EvaluateAsync<string>("getComputedStyle(document.body).fontFamily"));
    }

    [Fact]
    public async Task With_the_keyboard_alone_a_token_is_allowed_shown_and_taken_out_of_the_address()
    {
        var (page, query) = await SignedInAsync(1280, ColorScheme.Light);
        await page.GotoAsync($"{registry.Url}oauth/authorize?{query}");

        await page.Keyboard.PressAsync("Tab");
        Assert.Equal("Allow", await page.EvaluateAsync<string>("document.activeElement.textContent"));
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForSelectorAsync("#there:visible");

        var token = await page.TextContentAsync("#token");
        Assert.Equal(200, (int)(await registry.BearerOf(token!).ReadAsync("/api/v1/user/")).Status);
        Assert.DoesNotContain("access_token", page.Url, StringComparison.Ordinal);
        Assert.Equal([], await Axe.ViolationsAsync(page));
        await page.ReloadAsync();
        Assert.True(await page.Locator("#missing").IsVisibleAsync());
    }

    [Fact]
    public async Task Who_refuses_is_told_so()
    {
        var (page, query) = await SignedInAsync(360, ColorScheme.Dark);
        await page.GotoAsync($"{registry.Url}oauth/authorize?{query}");

        await page.GetByText("Refuse", new PageGetByTextOptions { Exact = true }).ClickAsync();

        Assert.Equal("Authorization canceled", await page.TextContentAsync("h1"));
        Assert.Equal([], await Axe.ViolationsAsync(page));
    }

    private async Task<(IPage Page, string Query)> SignedInAsync(int width, ColorScheme scheme)
    {
        var owner = await registry.CreateUserAsync();
        var (client, _) = await owner.Client.CreateApplicationAsync(await owner.Client.CreateOrganizationAsync());
        var browser = await Browser.SignedInAsync(registry, owner);
        var page = await chromium.OpenAsync(new Uri(registry.Url, "/health/live"), width, scheme);
        await page.Context.AddCookiesAsync([new Cookie { Name = "wharf-session", Value = browser.Cookie!, Url = registry.Url.ToString() }]);
        return (page, $"client_id={client}&response_type=token&scope=user:read%20org:admin%20repo:write&redirect_uri={Uri.EscapeDataString(registry.Url.GetLeftPart(UriPartial.Authority) + "/oauth/localapp")}");
    }
}
