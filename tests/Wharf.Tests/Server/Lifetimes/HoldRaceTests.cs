using Wharf.Oci;
using Wharf.Server.Content;
using Wharf.Server.Holds;

namespace Wharf.Tests.Server.Lifetimes;

/// <summary>A hold that is set while the collector takes what it is on.</summary>
public sealed class HoldRaceTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_there_when_a_hold_is_set_stays()
    {
        await using var lab = await Laboratory.StartAsync();
        var (collector, holds) = (lab.Get<Collector>(), lab.Get<HoldStore>());
        for (var round = 0; round < 15; round++)
        {
            var (owner, repositories) = await lab.NewNamespaceAsync(TimeSpan.Zero, 1);
            var access = repositories[0];
            for (byte i = 0; i < 30; i++)
                await lab.Get<Uploads>().StoreAsync(owner, access, Digest.Of([(byte)round, i]), 2, new MemoryStream([(byte)round, i]), Ct);
            await lab.AdvanceAsync(TimeSpan.FromHours(2));
            while ((await collector.ReviewAsync("link", 100, Ct)).Reviewed > 0)
            {
            }
            await lab.AdvanceAsync(TimeSpan.FromHours(2));

            var collecting = Task.Run(async () =>
            {
                while ((await collector.ReviewAsync("link", 1, Ct)).Reviewed > 0)
                {
                }
            }, Ct);
            for (var before = 0; before < round; before++)
                await Task.Yield();
            var set = await holds.SetAsync(owner.AccountId, 0, new HoldTarget(HoldKind.Repository, owner.Name, access.Name.Name), "a reason", "", Ct);
            var there = await CountAsync(lab, access.RepositoryId);
            await collecting;

            Assert.Null(set.Problem);
            Assert.Equal(there, await CountAsync(lab, access.RepositoryId));
        }
    }

    private static async Task<long> CountAsync(Laboratory lab, long repository) =>
        await lab.Db.OneAsync("SELECT count(*) FROM repository_blob WHERE repository_id = @repo", static r => r.GetInt64(0), Ct, ("repo", repository));
}
