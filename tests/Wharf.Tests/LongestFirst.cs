using Wharf.Tests;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace Wharf.Tests;

/// <summary>The collections that take minutes come first, so that none of them is what the others have to wait for at the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    // In the order of what they take.
    private static readonly string[] s_long =
    [
        nameof(Web.WebSite), nameof(Web.PagesTests), nameof(Server.Attacks.AttackTests), nameof(Server.Stores.FaultyAzureTests), nameof(Server.Access.AuthorizationTests),
        nameof(Server.Lifetimes.LifetimeModelTests), nameof(Server.StorageCare.LiveMigrationTests), nameof(Server.Crashes.KillTests),
    ];

    public IReadOnlyCollection<T> OrderTestCollections<T>(IReadOnlyCollection<T> testCollections)
        where T : ITestCollection =>
        [.. testCollections.OrderBy(static c => Array.FindIndex(s_long, l => c.TestCollectionDisplayName.Contains(l, StringComparison.Ordinal)) is >= 0 and var at ? at : s_long.Length)];
}
