namespace Wharf.Server.Tags;

internal static class TagsSetup
{
    public static void AddTags(this WebApplicationBuilder builder) => builder.Services.AddSingleton<TagDetailStore>().AddSingleton<RecentPushStore>();
}
