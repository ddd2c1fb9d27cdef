using Microsoft.Playwright;
using Wharf.Tests.Server;
using Wharf.Tests.Server.Accounts;
using Wharf.Tests.Server.ApiDocs;
using Wharf.Tests.Server.Organizations;
using Wharf.Tests.Server.Security;

namespace Wharf.Tests.Web;

/// <summary>The pages' tests share one server that scans, with something in it, and one browser.</summary>
[CollectionDefinition(nameof(WebSite))]
public sealed class WebSiteCollection : ICollectionFixture<WebSite>;

/// <summary>Those that only look have a site of their own, so that they need not wait for those that act.</summary>
[CollectionDefinition(nameof(PagesTests))]
public sealed class PagesCollection : ICollectionFixture<WebSite>;

/// <summary>A registry as somebody has used it for a while: an organization, an image with a known vulnerability, a robot.</summary>
public sealed class WebSite : IAsyncLifetime
{
    private static readonly (string Name, int Width, ColorScheme Scheme)[] s_looks = [("phone", 390, ColorScheme.Light), ("dark", 1280, ColorScheme.Dark), ("light", 1280, ColorScheme.Light)];

    private readonly ScanningRegistry _registry = new();
    private readonly Chromium _chromium = new();
    private readonly Dictionary<string, IPage> _windows = [];
    private IBrowserContext? _window;

    public Registry Registry => _registry;

    public Account User => _registry.User;

    /// <summary>An organization of the user's.</summary>
    public string Organization { get; private set; } = "";

    /// <summary>A repository of the organization, with the tags v1.0.0, v1.1.0 and latest; the last two are one image, which has <see cref="Vulnerability"/>.</summary>
    public string Repository => $"{Organization}/app";

    public const string Vulnerability = "CVE-2026-90001";

    /// <summary>The digest of latest.</summary>
    public string Digest { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        await _registry.InitializeAsync();
        await _chromium.InitializeAsync();
        var client = User.Client;
        Organization = await client.CreateOrganizationAsync();
        using var feeds = new FeedsInTest().Osv("PyPI", FeedsInTest.Record("PYSEC-90001", Vulnerability, "PyPI", "leaky", "2.0"));
        await _registry.ImportAsync(feeds);
        var first = ImageOfFiles.Of(ImageOfFiles.Debian("12", ("libssl3", "3.0.1-1", "openssl")), ImageOfFiles.Python("sound", "1.0"));
        var second = ImageOfFiles.Of(first.Layers[0], ImageOfFiles.Python("leaky", "1.0"));
        await first.PushAsync(client, Repository, "v1.0.0");
        await second.PushAsync(client, Repository, "v1.1.0");
        await second.PushAsync(client, Repository, "latest");
        await ScanningRegistry.ScannedAsync(client, Repository, second.Digest);
        await ScanningRegistry.ScannedAsync(client, Repository, first.Digest);
        Digest = second.Digest.ToString();
        (await client.SendJsonAsync("PUT", $"/api/v1/organization/{Organization}/robots/deployer", """{"description":"deploys"}""")).Is(201);
        (await client.SendJsonAsync("PUT", $"/api/v1/organization/{Organization}/team/builders", """{"role":"creator"}""")).Is(200);
        (await client.SendJsonAsync("PUT", $"/api/v1/repository/{Repository}", """{"description":"# The app\n\nRuns *everywhere*. <script>document.title='owned'</script> [x](javascript:alert(1))"}""")).Is(200);
    }

    /// <summary>A window in which the account is signed in, or nobody.</summary>
    public async Task<IPage> OpenAsync(string path, Account? account, int width = 1280, ColorScheme scheme = ColorScheme.Light) =>
        await OpenAsync(Registry, _chromium, path, account is null ? null : (account.Name, account.Password), width, scheme);

    /// <summary>The same, as the superuser.</summary>
    public async Task<IPage> OpenAsSuperuserAsync(string path) => await OpenAsync(Registry, _chromium, path, (Registry.Admin, Registry.AdminPassword));

    /// <summary>The same, at another registry.</summary>
    internal async Task<IPage> OpenAsync(Registry registry, string path, Account? account = null) => await OpenAsync(registry, _chromium, path, account is null ? null : (account.Name, account.Password));

    /// <summary>The same in a window that stays from page to page, for those that only look: what it has loaded once it need not load again.</summary>
    /// <param name="who"><c>user</c>, <c>superuser</c> or <c>nobody</c>.</param>
    public async Task<IPage> VisitAsync(string path, string who)
    {
        if (!_windows.TryGetValue(who, out var page))
            return _windows[who] = await NewWindowAsync(Registry, _chromium, path, who switch { "user" => (User.Name, User.Password), "superuser" => (Registry.Admin, Registry.AdminPassword), _ => null }, 1280, ColorScheme.Light);
        await page.SetViewportSizeAsync(1280, 800);
        await page.GotoAsync(new Uri(Registry.Url, path).ToString());
        return page;
    }

    private async Task<IPage> OpenAsync(Registry registry, Chromium chromium, string path, (string Name, string Password)? account, int width = 1280, ColorScheme scheme = ColorScheme.Light)
    {
        var page = await NewWindowAsync(registry, chromium, path, account, width, scheme);
        // One window at a time: each listens to what happens, and somebody may do so twenty times.
        if (Interlocked.Exchange(ref _window, page.Context) is { } former)
            await former.CloseAsync();
        return page;
    }

    private static async Task<IPage> NewWindowAsync(Registry registry, Chromium chromium, string path, (string Name, string Password)? account, int width, ColorScheme scheme)
    {
        // A page that loads nothing else, so that the cookie is there before the first one does.
        var page = await chromium.OpenAsync(new Uri(registry.Url, "/robots.txt"), width, scheme);
        if (account is var (name, password))
        {
            var browser = await Browser.SignedInAsync(registry.Anonymous, name, password);
            await page.Context.AddCookiesAsync([new Cookie { Name = "wharf-session", Value = browser.Cookie!, Url = registry.Url.ToString() }]);
        }
        page.SetDefaultTimeout(60_000);
        page.PageError += (_, fault) => Assert.Fail($"{page.Url}: {fault}");
        await page.GotoAsync(new Uri(registry.Url, path).ToString());
        return page;
    }

    /// <summary>Keeps what a page looks like, for those who review it.</summary>
    public static Task ShootAsync(IPage page, string name) =>
        page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(SourceTree.Root, "artifacts", "screenshots", name + ".png") });

    /// <summary>Keeps how it looks on a phone, in the dark and in the light, and has nothing serious stand between anybody and it.</summary>
    public static async Task ReviewAsync(IPage page, string name)
    {
        foreach (var (look, width, scheme) in s_looks)
        {
            await page.SetViewportSizeAsync(width, 800);
            await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
            // The page hears of the scheme a moment later; and colours on their way from one theme to the other are neither's.
            await Poll.UntilAsync(() => page.EvaluateAsync<bool>("""
                (dark) => document.documentElement.classList.contains('pf-v6-theme-dark') === dark
                  && document.getAnimations().every((each) => each.playState !== 'running' || each.effect.getComputedTiming().iterations === Infinity)
                """, scheme == ColorScheme.Dark), TimeSpan.FromSeconds(10));
            await ShootAsync(page, $"{name}-{look}");
            Assert.Equal([], (await Axe.ViolationsAsync(page)).Where(static v => v.StartsWith("serious", StringComparison.Ordinal) || v.StartsWith("critical", StringComparison.Ordinal)).Select(v => $"{look}: {v}"));
            Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), $"{look}: the page is wider than the screen");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _chromium.DisposeAsync();
        await _registry.DisposeAsync();
    }
}
