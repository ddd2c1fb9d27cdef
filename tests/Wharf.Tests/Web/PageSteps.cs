using Microsoft.Playwright;
using Wharf.Tests.Server;

namespace Wharf.Tests.Web;

/// <summary>What the stories do on a page again and again, as a person finds it: by its words.</summary>
internal static class PageSteps
{
    public static ILocator Button(this IPage page, string name) => page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    /// <summary>A field for text; those for passwords and dates are none.</summary>
    public static ILocator Box(this IPage page, string name) => page.GetByRole(AriaRole.Textbox, new PageGetByRoleOptions { Name = name, Exact = true });

    /// <summary>The row of a table that has these words.</summary>
    public static ILocator Row(this IPage page, string words) => page.GetByRole(AriaRole.Row).Filter(new LocatorFilterOptions { HasText = words });

    /// <summary>Opens one of the page's tabs.</summary>
    public static Task OpenTabAsync(this IPage page, string name) => page.Locator(".wharf-tabs").GetByText(name, new LocatorGetByTextOptions { Exact = true }).ClickAsync();

    /// <summary>Waits until the page says something.</summary>
    public static Task SaysAsync(this IPage page, string words) => page.GetByText(words).First.WaitForAsync();

    /// <summary>Waits until nothing on the page says it any more.</summary>
    public static Task SaysNoMoreAsync(this IPage page, string words) => page.GetByText(words).First.WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Detached });

    /// <summary>Waits until the address is this one; one that ends with <c>=</c> may go on with anything. Playwright's own WaitForURL misses a page that arrives while it begins to wait.</summary>
    public static Task ArrivesAtAsync(this IPage page, string address) => Poll.UntilAsync(() =>
    {
        var at = new Uri(page.Url).PathAndQuery;
        return Task.FromResult(address.EndsWith('=') ? at.StartsWith(address, StringComparison.Ordinal) : at == address);
    }, TimeSpan.FromSeconds(60));

    /// <summary>Opens a row's menu and takes an action of it.</summary>
    public static async Task ActAsync(this IPage page, string menu, string action)
    {
        await page.Button(menu).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new PageGetByRoleOptions { Name = action, Exact = true }).ClickAsync();
    }

    /// <summary>What stands in a box with a button that copies it.</summary>
    public static async Task<string> CopyableAsync(this IPage page, string what) => (await page.Locator($"pre[aria-label='{what}']").TextContentAsync())!;
}
