namespace Wharf.Server.AccessReview;

internal static class ReviewSetup
{
    public static void AddAccessReview(this WebApplicationBuilder builder) => builder.Services.AddSingleton<ReviewStore>();
}
